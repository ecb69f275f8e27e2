"""Rates of tax by place, as they stood on 1 January 2026. They are for tests: nobody should file a return by them.

A key is a country, or a country and its state (``CA-ON``, ``US-CA``). Simplifications: standard rates only, for any
product; in the United States the rate of the state, without counties and cities.
"""

from __future__ import annotations

from typing import NamedTuple


class Tax(NamedTuple):
    """One tax of a place; ``percentage`` is a decimal, ``level`` the API's ``jurisdiction_level``."""

    type: str
    percentage: str
    level: str = "country"


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


NAMES = {
    "gst": "GST",
    "hst": "HST",
    "igst": "IGST",
    "jct": "JCT",
    "pst": "PST",
    "qst": "QST",
    "rst": "RST",
    "sales_tax": "Sales Tax",
    "vat": "VAT",
}
"""What a type of tax is called on an invoice."""

EU = _pairs("""
AT 20 BE 21 BG 20 CY 19 CZ 21 DE 19 DK 25 EE 24 ES 21 FI 25.5 FR 20 GR 24 HR 25 HU 27 IE 23 IT 22 LT 21 LU 17 LV 21
MT 18 NL 21 PL 23 PT 23 RO 21 SE 25 SI 22 SK 23
""")
"""The member states and their value added tax."""

_OTHER_VAT = _pairs("CH 8.1 GB 20 NO 25")
_GOODS_AND_SERVICES = _pairs("AU 10 NZ 15 SG 9")
_HARMONIZED = _pairs("NB 15 NL 15 NS 14 ON 13 PE 15")
_PROVINCIAL = {"BC": Tax("pst", "7"), "MB": Tax("rst", "7"), "QC": Tax("qst", "9.975"), "SK": Tax("pst", "6")}
_WITHOUT_PROVINCIAL = ("AB", "NT", "NU", "YT")
_SALES_TAX = _pairs("""
AK 0 AL 4 AR 6.5 AZ 5.6 CA 7.25 CO 2.9 CT 6.35 DC 6 DE 0 FL 6 GA 4 HI 4 IA 6 ID 6 IL 6.25 IN 7 KS 6.5 KY 6 LA 5 MA 6.25
MD 6 ME 5.5 MI 6 MN 6.875 MO 4.225 MS 7 MT 0 NC 4.75 ND 5 NE 5.5 NH 0 NJ 6.625 NM 4.875 NV 6.85 NY 4 OH 5.75 OK 4.5
OR 0 PA 6 RI 7 SC 6 SD 4.2 TN 7 TX 6.25 UT 4.85 VA 4.3 VT 6 WA 6.5 WI 5 WV 6 WY 4
""")

FEDERAL = Tax("gst", "5")

TAXES: dict[str, tuple[Tax, ...]] = {
    **{country: (Tax("vat", percentage),) for country, percentage in (EU | _OTHER_VAT).items()},
    **{country: (Tax("gst", percentage),) for country, percentage in _GOODS_AND_SERVICES.items()},
    "IN": (Tax("igst", "18"),),
    "JP": (Tax("jct", "10"),),
    **{f"CA-{province}": (Tax("hst", percentage, "state"),) for province, percentage in _HARMONIZED.items()},
    **{f"CA-{province}": (FEDERAL, tax._replace(level="state")) for province, tax in _PROVINCIAL.items()},
    **{f"CA-{province}": (FEDERAL,) for province in _WITHOUT_PROVINCIAL},
    **{f"US-{state}": (Tax("sales_tax", percentage, "state"),) for state, percentage in _SALES_TAX.items()},
}

_PROVINCE_BY_LETTER = _pairs(
    "A NL B NS C PE E NB G QC H QC J QC K ON L ON M ON N ON P ON R MB S SK T AB V BC X NT Y YT"
)
_STATE_BY_AREA = _pairs("""
010-027 MA 028-029 RI 030-038 NH 039-049 ME 050-059 VT 060-069 CT 070-089 NJ 100-149 NY 150-196 PA 197-199 DE 200-205 DC
206-219 MD 220-246 VA 247-268 WV 270-289 NC 290-299 SC 300-319 GA 320-349 FL 350-369 AL 370-385 TN 386-397 MS 398-399 GA
400-427 KY 430-459 OH 460-479 IN 480-499 MI 500-528 IA 530-549 WI 550-567 MN 570-577 SD 580-588 ND 590-599 MT 600-629 IL
630-658 MO 660-679 KS 680-693 NE 700-714 LA 716-729 AR 730-749 OK 750-799 TX 800-816 CO 820-831 WY 832-838 ID 840-847 UT
850-865 AZ 870-884 NM 885-885 TX 889-898 NV 900-961 CA 967-968 HI 970-979 OR 980-994 WA 995-999 AK
""")

COUNTRIES = frozenset(
    word
    for line in """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW
""".splitlines()
    for word in line.split()
)
"""Two-letter codes, ISO 3166-1."""


def of(country: str, state: str | None) -> tuple[Tax, ...]:
    """The taxes of a place; none where the table has no row."""
    return TAXES.get(f"{country}-{state}") or TAXES.get(country, ())


def state_of(country: str, postal_code: str) -> str | None:
    """The state (US) or province (Canada) of a postal code; None when it is no such code."""
    code = postal_code.strip().upper()
    if country == "CA":
        return _PROVINCE_BY_LETTER.get(code[:1])
    if country != "US" or not code[:5].isdecimal() or len(code) < len("12345"):
        return None
    spans = ([*area.split("-"), state] for area, state in _STATE_BY_AREA.items())
    return next((state for first, last, state in spans if first <= code[:3] <= last), None)
