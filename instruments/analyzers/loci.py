# SPDX-License-Identifier: Apache-2.0
"""One name for one locus: the spellings of makers, programs and publications."""

import re

# Names as in the kits of lims/data. Spellings that differ in more than case, blanks and signs
# stand in _ALIASES.
_NAMES = (
    *("AMEL", "CSF1PO", "F13A01", "F13B", "FESFPS", "FGA", "HPRTB", "LPL", "SE33", "TH01", "TPOX"),
    *("vWA", "Penta B", "Penta C", "Penta D", "Penta E"),
    *("D1S1656", "D1S1677", "D1S1679", "D1S1627", "D2S441", "D2S1338", "D2S1360", "D2S1776"),
    *("D3S1358", "D3S1744", "D3S3053", "D3S4529", "D4S2364", "D4S2366", "D4S2408", "D5S818"),
    *("D5S2500", "D6S1017", "D6S1043", "D6S474", "D7S820", "D7S1517", "D8S1132", "D8S1179"),
    *("D9S1120", "D9S1122", "D9S2157", "D10S1248", "D10S1435", "D10S2325", "D11S4463"),
    *("D12S391", "D12ATA63", "D13S317", "D14S1434", "D16S539", "D17S974", "D17S1301", "D18S51"),
    *("D19S433", "D20S482", "D21S11", "D21S2055", "D22S1045"),
    *("DYS19", "DYS385 a/b", "DYS389I", "DYS389II", "DYS390", "DYS391", "DYS392", "DYS393"),
    *("DYS437", "DYS438", "DYS439", "DYS448", "DYS449", "DYS456", "DYS458", "DYS460", "DYS481"),
    *("DYS518", "DYS533", "DYS549", "DYS570", "DYS576", "DYS627", "DYS635", "DYS643", "DYF387S1"),
    *("Y-GATA-H4", "Yindel", "QS1", "QS2"),
    *("DXS7132", "DXS7423", "DXS8378", "DXS10074", "DXS10079", "DXS10101", "DXS10103"),
    *("DXS10134", "DXS10135", "DXS10146", "DXS10148"),
)
_ALIASES = {
    "AMEL": ("Amelogenin", "Amelo", "AM", "AMXY", "AMELX/Y", "Amel X Y"),
    "vWA": ("vWF", "vWA31", "vWA31/A", "vWF31A", "HUMvWA", "HUMvWFA31"),
    "TH01": ("THO1", "TC11", "HUMTH01", "HUMTHO1"),
    "FGA": ("FIBRA", "HUMFIBRA", "HUMFGA", "FIBRA/FGA"),
    "SE33": ("ACTBP2", "HUMACTBP2"),
    "CSF1PO": ("CSF", "CSF1P0"),
    "FESFPS": ("FES/FPS",),
    "F13A01": ("F13A1", "F13A"),
    "HPRTB": ("HPRT",),
    "DYS385 a/b": ("DYS385", "DYS385ab", "DYS385a-b", "DYS385a,b"),
    "DYS389I": ("DYS389 1", "DYS389.I"),
    "DYS389II": ("DYS389 2", "DYS389.II"),
    "DYS635": ("Y-GATA-C4", "GATA C4"),
    "DYS460": ("Y-GATA-A7.1", "GATA A7.1"),
    "DYF387S1": ("DYF387S1a/b", "DYF387S1ab"),
    "Y-GATA-H4": ("GATA H4", "Y GATA H4", "YGATAH4.1"),
    "Yindel": ("Y indel", "Y-InDel", "rs2032678"),
}


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).upper()


_BY_KEY = {_key(name): name for name in _NAMES} | {
    _key(alias): name for name, aliases in _ALIASES.items() for alias in aliases
}
# Loci named by chromosome or by the Y and X systems have one spelling apart from case.
_SYSTEMATIC = re.compile(r"(D\d{1,2}S\d+|DYS\d+|DYF\d+S\d+|DXS\d+)")


def known_locus(name: str) -> str | None:
    """Return the locus's one name, or None for a name that no list has."""
    key = _key(name)
    found = _BY_KEY.get(key)
    if found is None and _SYSTEMATIC.fullmatch(key):
        return key
    return found


def locus_name(name: str) -> str:
    """Return the locus's one name; an unknown name comes back as it is, blanks trimmed."""
    return known_locus(name) or name.strip()
