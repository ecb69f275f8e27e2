"""The currencies a charge can be made in.

Source: https://docs.stripe.com/currencies, presentment currencies. An error names them all, US dollars first.
"""

from sandbox.errors import invalid

CODES = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp
cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk
jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn
nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std
szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
CURRENCIES = tuple(CODES.split())
KNOWN = frozenset(CURRENCIES)


def currency(value: str, param: str) -> str:
    """The code in small letters; raises ApiError (400) about ``param`` if there is no such currency."""
    code = value.lower()
    if code not in KNOWN:
        message = f"Invalid currency: {value}. Stripe currently supports these currencies: {', '.join(CURRENCIES)}"
        raise invalid(message, param)
    return code
