"""Every place where bytes come in names the property test that bends them; a new one without a test is found."""

from __future__ import annotations

from tests.house import import_rules as rules
from tests.house.reading import ROOT, Source, installed_python

_LISTS = "tests/domain/test_reference_files_of_any_bytes.py::"
_ROAD = "tests/sync/test_messages_of_any_bytes.py::"
_DESK = "tests/desktop/imports/test_files_of_the_machine.py::"
_BITE = "tests/desktop/imports/test_imports_bite_nobody.py::"
_APP = "tests/server/test_reports_of_the_app.py::"
_HAND = "tests/desktop/ui/test_pasted_and_rung.py::"
_FUZZ = "tests/server/test_fuzz.py::test_no_signed_request_makes_the_centre_fail"
_STORE = "own words out of the own store, every page of which is sealed"
_KEY = "a file of the server itself, 0600, written at its first start"

TABLE = {
    "desktop/background/exchange/line.py ExchangeLine._listen":
        f"{_BITE}test_whatever_the_exchange_says_in_whatever_pieces_makes_times_that_can_be_kept",
    "desktop/background/first_fill.py FirstFill._fetched": "compared with the hash in a signed manifest before use",
    "desktop/bundle.py write": "writes a bundle of own logs, reads no stranger's file",
    "desktop/call_door.py Visitor._read": f"{_HAND}test_at_the_local_door_a_number_is_taken_and_nothing_else",
    "desktop/call_door.py hand_over": "compared with the one answer there is, whatever it says",
    "desktop/exchange_command.py place_of": f"{_DESK}test_a_bent_place_of_the_exchange_is_none",
    "desktop/operations/figures.py of_month.operation": _STORE,
    "desktop/operations/letter_file.py _bones":
        "tests/desktop/operations/test_letters.py::test_what_a_caller_said_stands_as_words_and_adds_nothing_else",
    "desktop/operations/letter_file.py _filled":
        "tests/desktop/operations/test_letters.py::test_what_a_caller_said_stands_as_words_and_adds_nothing_else",
    "desktop/restoring.py run": "a passphrase is read from a terminal or a pipe, any words are one",
    "desktop/running.py EndOfProcess._woke": "wakes up at any byte and looks at none",
    "desktop/settings.py _read": f"{_DESK}test_a_bent_setting_is_its_default",
    "desktop/store/device_secret.py InFile.get": f"{_DESK}test_a_bent_secret_of_the_device_is_lost_or_the_secret",
    "desktop/store/draft_seal.py _closed": f"{_DESK}test_a_bent_draft_stays_closed",
    "desktop/store/draft_seal.py opened": f"{_DESK}test_a_bent_draft_stays_closed",
    "desktop/store/drafts.py close_older": _STORE,
    "desktop/store/first_run.py read": f"{_DESK}test_a_bent_note_of_the_first_run_is_asked_for_anew",
    "desktop/store/inbox.py _ring": f"{_BITE}test_a_ring_file_of_any_bytes_gives_what_is_ours_and_no_more",
    "desktop/store/inbox.py read": f"{_BITE}test_a_ring_file_of_any_bytes_gives_what_is_ours_and_no_more",
    "desktop/store/key_file.py read_file": f"{_DESK}test_a_bent_key_file_opens_nothing_and_says_one_sentence",
    "desktop/store/lease.py _floor": _STORE,
    "desktop/store/lease.py signed_at": _STORE,
    "desktop/store/parting.py finish": f"{_DESK}test_a_bent_order_of_wiping_wipes_nothing",
    "desktop/store/parting.py gone": f"{_DESK}test_a_bent_order_of_wiping_wipes_nothing",
    "desktop/store/reads_audit.py _receipt": _STORE,
    "desktop/store/reads_audit_entries.py facts_in":
        "tests/desktop/store/test_who_reads_the_audit_log.py::test_whatever_stands_beside_an_entry_is_codes_or_words",
    "desktop/store/reads_case.py _words": _STORE,
    "desktop/store/reads_conflicts.py _said": _STORE,
    "desktop/store/reads_same_child.py _before": _STORE,
    "desktop/ui/calls/reconciling.py read_file":
        f"{_BITE}test_a_file_of_calls_bent_anyhow_gives_calls_that_can_be_kept_or_is_refused",
    "desktop/store/sealing.py _opened": f"{_BITE}test_a_file_of_any_bytes_is_sealed_and_comes_out_the_same",
    "desktop/store/throttle.py Throttle._read": f"{_DESK}test_a_bent_count_of_tries_gives_no_free_try_back",
    "desktop/store/throttle.py _boot": "the kernel's own words about this boot",
    "desktop/store/way_back.py read_custodian_key":
        f"{_DESK}test_a_bent_share_of_recovery_is_a_key_or_one_sentence",
    "desktop/ui/case/pictures.py _picture":
        f"{_BITE}test_a_picture_bent_anyhow_is_drawn_small_enough_or_refused_in_words",
    "desktop/ui/forms/boxes.py TextBox.insertFromMimeData":
        f"{_HAND}test_whatever_is_pasted_becomes_text_that_can_be_kept",
    "desktop/ui/forms/definition.py load_form":
        f"{_LISTS}test_a_bent_form_or_regional_question_is_read_or_refused_with_its_file",
    "desktop/ui/liking.py remembered": f"{_DESK}test_a_bent_word_for_the_language_is_vietnamese",
    "desktop/ui/manual/chapters.py _blocks": "chapters packed with the program, loaded by its tests",
    "desktop/ui/manual/chapters.py load": "chapters packed with the program, each of which its own test loads",
    "desktop/ui/signin/first_run.py FirstRun.take_file":
        f"{_DESK}test_a_bent_file_of_it_is_used_whole_or_not_at_all",
    "desktop/ui/words.py _Spoken.learn": "sentences of the program itself, packed with it and compared in the house",
    "domain/app_reports.py _members": "tests/domain/test_app_reports.py::test_any_line_is_a_report_or_a_bad_line",
    "domain/cdr.py _split": "tests/domain/test_cdr.py::test_no_text_makes_the_reader_fail_or_lose_count",
    "domain/codes/catalogue.py read_rows": f"{_LISTS}test_a_bent_list_is_read_or_refused_by_its_own_error",
    "domain/codes/letters.py _kinds": f"{_LISTS}test_a_bent_list_is_read_or_refused_by_its_own_error",
    "domain/rules/privacy/policy.py Policy.load": f"{_LISTS}test_a_bent_list_is_read_or_refused_by_its_own_error",
    "domain/rules/retention.py Retention.load": f"{_LISTS}test_a_bent_list_is_read_or_refused_by_its_own_error",
    "server/http/doorway.py read_body": _FUZZ,
    "server/incoming_command.py _lines": f"{_APP}test_a_file_of_any_bytes_comes_line_by_line_and_never_whole",
    "server/incoming_command.py _take_one": f"{_APP}test_a_file_of_any_bytes_comes_line_by_line_and_never_whole",
    "server/operations/bootstrap.py _taken": "segments that this server wrote, named by their own hash",
    "server/operations/carriage.py (module)": _FUZZ,
    "server/operations/need_to_know.py _named": "sets as the fold wrote them into its own table",
    "server/operations/proof.py read_ask": f"{_ROAD}test_a_bent_question_for_a_proof_is_understood_or_refused",
    "server/store/backup_file.py backup_key": _KEY,
    "server/store/courier.py _came": _STORE,
    "server/store/due.py about_in":
        "tests/server/test_retention.py::test_whatever_a_left_draft_says_that_it_is_about_is_a_name_or_nothing",
    "server/store/engine.py store_key": _KEY,
    "server/store/hub_identity.py key": _KEY,
    "server/store/staffed.py (module)": f"{_ROAD}test_a_bent_operation_is_read_or_held",
    "sync/blobs/shelf.py Shelf.append":
        f"{_ROAD}test_whatever_is_sent_of_an_attachment_never_takes_more_room_than_it_said",
    "sync/blobs/shelf.py Shelf.read": "a chunk of its own name, hashed again by whoever uses it",
    "sync/blobs/spare.py _read": f"{_DESK}test_a_bent_list_of_chunks_names_chunks_only",
    "sync/courier/letters.py (module)": f"{_BITE}test_any_letter_of_a_stick_is_read_or_passed_over",
    "sync/courier/volumes.py _content":
        f"{_ROAD}test_of_a_bent_volume_every_letter_that_opens_is_one_that_was_written",
    "sync/courier/volumes.py _framed":
        f"{_ROAD}test_of_a_bent_volume_every_letter_that_opens_is_one_that_was_written",
    "sync/decoding.py known": "makes a decoder, and reads nothing with it itself",
    "sync/manifest.py (module)": f"{_ROAD}test_a_bent_list_of_segments_is_refused_also_when_it_is_signed",
    "sync/operation.py (module)": f"{_ROAD}test_a_bent_operation_is_read_or_held",
    "sync/packing.py _dictionary": "packed with the program, compared with its own number",
    "sync/packing.py unpack": f"{_BITE}test_any_bytes_are_unpacked_within_their_limit_or_refused",
    "sync/replica/batch.py (module)": f"{_ROAD}test_a_bent_operation_is_read_or_held",
    "sync/replica/read.py conflicts": _STORE,
    "sync/transport/client.py _said":
        f"{_ROAD}test_a_bent_answer_of_a_server_is_understood_or_is_one_trouble_in_words",
    "sync/transport/tls.py _chain": "OpenSSL's own chain, verified before (tests/sync/test_tls.py)",
    "sync/transport/tls.py _key_hash": "a certificate that OpenSSL verified before (tests/sync/test_tls.py)",
    "sync/transport/tls.py context": f"{_DESK}test_a_bent_file_of_it_is_used_whole_or_not_at_all",
    "sync/trust.py _check_authorities": f"{_DESK}test_a_bent_file_of_it_is_used_whole_or_not_at_all",
    "sync/trust.py _understood": f"{_BITE}test_a_provisioning_file_of_any_bytes_is_understood_or_says_so",
    "sync/trust.py read": f"{_BITE}test_a_provisioning_file_of_any_bytes_is_understood_or_says_so",
    "sync/wire.py (module)": f"{_ROAD}test_a_bent_page_of_the_feed_is_read_whole_or_not_at_all",
}  # fmt: skip
"""Place → the property test that bends what comes in there, or in words why there is nothing to bend."""


def test_every_place_where_bytes_come_in_names_the_test_that_bends_them() -> None:
    found = list(rules.places(installed_python()))
    assert len(found) > 50, "the reading of the sources is broken"
    assert rules.faults(found, TABLE, ROOT) == []


def test_a_new_place_a_lost_test_and_a_test_that_bends_nothing_are_found() -> None:
    planted = Source("desktop/ui/new.py", "def take(path):\n    return json.loads(path.read_bytes())\n")
    opened = Source("server/new.py", "class A:\n    def take(self, path):\n        with path.open('rb') as f: ...\n")
    found = list(rules.places([planted, opened]))
    assert found == ["desktop/ui/new.py take", "server/new.py A.take"]
    none = "tests/house/test_every_import_is_tried.py::"
    table = {found[0]: f"{none}test_that_is_not_there", "gone.py take": "said in quite enough words"}
    assert rules.faults(found, table, ROOT) == [
        "server/new.py A.take: no property test is named for it",
        "gone.py take: nothing is taken apart there",
        f"desktop/ui/new.py take: {none}test_that_is_not_there is no property test",
    ]
    bends_nothing = f"{none}test_every_place_where_bytes_come_in_names_the_test_that_bends_them"
    assert rules.faults(found[:1], {found[0]: bends_nothing}, ROOT) == [
        f"desktop/ui/new.py take: {bends_nothing} is no property test"
    ]
    assert rules.faults(found[:1], {found[0]: "because"}, ROOT) == [
        "desktop/ui/new.py take: says neither which test nor why none"
    ]
