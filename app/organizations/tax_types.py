"""Which tax numbers a country has: Stripe's types with the name people know them by and an example.

Source: https://docs.stripe.com/billing/customer/tax-ids. Where a country has several, the one most businesses have leads.
"""

import re
from dataclasses import dataclass

from app.core.regions import countries

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)


@dataclass(frozen=True)
class TaxType:
    """`country` is its ISO code, "EU" for the whole union."""

    type: str
    country: str
    name: str
    example: str

    def of(self, country: str | None) -> bool:
        return self.country == country or (self.country == "EU" and country in EU)


TYPES = tuple(
    TaxType(*(part.strip() for part in line.split("|")))
    for line in """
    eu_vat | EU | VAT number | DE123456789
    eu_oss_vat | EU | One Stop Shop VAT number | EU123456789
    ad_nrt | AD | NRT number | A-123456-Z
    ae_trn | AE | TRN | 123456789012345
    ar_cuit | AR | CUIT | 12-3456789-01
    au_abn | AU | ABN | 12345678912
    au_acn | AU | ACN | 123456789
    au_arn | AU | ARN | 123456789123
    bg_uic | BG | Unified identification code | 123456789
    bh_vat | BH | VAT number | 123456789012345
    br_cnpj | BR | CNPJ | 01.234.456/5432-10
    br_cpf | BR | CPF | 123.456.789-87
    ca_gst_hst | CA | GST/HST number | 123456789RT0002
    ca_bn | CA | Business number | 123456789
    ca_pst_bc | CA | PST number (British Columbia) | PST-1234-5678
    ca_pst_mb | CA | PST number (Manitoba) | 123456-7
    ca_pst_sk | CA | PST number (Saskatchewan) | 1234567
    ca_qst | CA | QST number (Québec) | 1234567890TQ1234
    ch_vat | CH | VAT number | CHE-123.456.789 MWST
    ch_uid | CH | UID | CHE-123.456.789
    cl_tin | CL | RUT | 12.345.678-K
    cn_tin | CN | Tax number | 123456789012345678
    co_nit | CO | NIT | 123.456.789-0
    cr_tin | CR | Tax number | 1-234-567890
    cz_dic | CZ | DIC | CZ12345678
    de_stn | DE | Tax number (Steuernummer) | 1234567890
    do_rcn | DO | RCN | 123-4567890-1
    ec_ruc | EC | RUC | 1234567890001
    eg_tin | EG | Tax number | 123456789
    es_cif | ES | NIF (CIF) | A12345678
    fr_siren | FR | SIREN | 123456789
    fr_siret | FR | SIRET | 12345678901234
    gb_vat | GB | VAT number | GB123456789
    ge_vat | GE | VAT number | 123456789
    hk_br | HK | BR number | 12345678
    hr_oib | HR | OIB | 12345678901
    hu_tin | HU | Tax number (adószám) | 12345678-1-23
    id_npwp | ID | NPWP | 012.345.678.9-012.345
    il_vat | IL | VAT number | 123456789
    in_gst | IN | GSTIN | 12ABCDE3456FGZH
    is_vat | IS | VAT number | 123456
    it_cf | IT | Codice fiscale | RSSMRA85M01H501Z
    jp_trn | JP | Qualified invoice number | T1234567891234
    jp_cn | JP | Corporate number | 1234567891234
    ke_pin | KE | PIN | P000111111A
    kr_brn | KR | Business registration number | 123-45-67890
    kz_bin | KZ | BIN | 123456789012
    li_vat | LI | VAT number | 12345
    li_uid | LI | UID | CHE123456789
    ma_vat | MA | VAT number | 12345678
    mx_rfc | MX | RFC | ABC010203AB9
    my_sst | MY | SST number | A12-3456-78912345
    my_itn | MY | ITN | C 1234567890
    ng_tin | NG | TIN | 12345678-0001
    no_vat | NO | VAT number (MVA) | 123456789MVA
    no_voec | NO | VOEC number | 1234567
    nz_gst | NZ | GST number | 123456789
    om_vat | OM | VAT number | OM1234567890
    pe_ruc | PE | RUC | 12345678901
    ph_tin | PH | TIN | 123456789012
    pl_nip | PL | NIP | 1234567890
    pt_nif | PT | NIF | 123456789
    ro_tin | RO | Tax number (CUI) | 1234567890123
    rs_pib | RS | PIB | 123456789
    sa_vat | SA | VAT number | 123456789012345
    sg_gst | SG | GST number | M12345678X
    sg_uen | SG | UEN | 123456789F
    si_tin | SI | Tax number | 12345678
    th_vat | TH | VAT number | 1234567891234
    tr_tin | TR | Tax number | 0123456789
    tw_vat | TW | VAT number | 12345678
    ua_vat | UA | VAT number | 123456789
    us_ein | US | EIN | 12-3456789
    uy_ruc | UY | RUC | 123456789012
    vn_tin | VN | Tax number | 1234567890
    za_vat | ZA | VAT number | 4123456789
    """.strip().splitlines()
)
BY_TYPE = {known.type: known for known in TYPES}
EXTRA_SIGNS = re.compile(r"[\s.\-]")
BARE = frozenset(["eu_vat", "eu_oss_vat", "gb_vat", "no_vat", "au_abn", "jp_trn", "in_gst"])
"""Types that consist of letters and digits only, however people space them out."""


def normal(kind: str, value: str) -> str:
    """The number as its authority writes it: in capitals, single spaces, and none where the type has none."""
    return EXTRA_SIGNS.sub("", value).upper() if kind in BARE else " ".join(value.split()).upper()


def name(kind: str) -> str:
    """VAT number; a type that is not in the list (somebody added it at Stripe) by Stripe's own word."""
    return BY_TYPE[kind].name if kind in BY_TYPE else kind.replace("_", " ").upper()


def by_country(country: str | None) -> dict[str, list[TaxType]]:
    """All types under the name of their country; those that fit `country` (ISO 3166) first."""
    names = dict(countries()) | {"EU": "European Union"}
    own = [known for known in TYPES if known.of(country)]
    groups = {names[str(country)]: own} if own else {}
    for known in sorted(TYPES, key=lambda known: names[known.country]):
        if known not in own:
            groups.setdefault(names[known.country], []).append(known)
    return groups
