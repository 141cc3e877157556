"""What the code list files must look like: columns, lists that must exist, references between lists."""

from __future__ import annotations

from typing import Final

BASE_COLUMNS: Final = (
    "code", "label_vi", "label_en", "parent", "sort", "basis", "valid_from", "valid_to",
)  # fmt: skip
"""The first eight columns of every list. `basis` says where a row comes from: seed, law, published or
practice.
"""

EXTRA_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "centres": (
        "name_vi", "name_en", "seed_region_vi", "province_code_63", "province_code_34", "seat_prefix",
        "digit",
    ),
    "deadlines": (
        "limit_value", "limit_unit", "limit_hours", "counting", "responsible_vi", "legal_basis", "quote_vi",
        "verified", "source", "note",
    ),
    "ethnic_groups": ("code_2008", "name_vi_2008", "aliases", "language_code"),
    "languages": (
        "bcp47", "iso639_3", "iso639_1", "alt_iso639_3", "seed_spelling", "modality", "ethnic_group_code",
        "note",
    ),
}  # fmt: skip
"""Further columns of some lists. `ethnic_groups.code` is the table of 1979 (121-TCTK/PPCĐ), `code_2008` that
of 2008.
"""

REFERENCES: Final[dict[tuple[str, str], str]] = {
    ("ethnic_groups", "language_code"): "languages",
    ("languages", "ethnic_group_code"): "ethnic_groups",
}
"""(list, column) → the list in which every value must be a code; several values are joined by `|`."""

REQUIRED_LISTS: Final = (
    "abuse_type", "age_group", "caller_kind", "case_status", "centres", "closure_reason", "contact_channel",
    "contact_outcome", "counselling_topic", "data_request", "deadlines", "disability", "disability_level",
    "emergency_reason", "ethnic_groups", "export_purpose",
    "fee_kind", "gender", "hotline_line", "intervention_action", "intervention_category", "languages",
    "legal_form", "living_situation", "network_event_kind", "number_alert", "outreach_kind", "person_role",
    "protection_level", "referral_agency_kind", "relationship_to_child", "report_source", "restricted_reason",
    "schooling", "special_circumstance", "therapy_condition", "therapy_service", "trafficking_call_kind",
    "trafficking_purpose", "unmask_reason", "urgency", "verification_method",
)  # fmt: skip
"""Lists the program names in its own text; further lists may arrive by the road."""

STATES: Final[dict[str, tuple[str, ...]]] = {"contact_outcome": ("unclassified",)}
"""Words a record may hold in a coded field that are not codes: a call nobody has classified yet."""
