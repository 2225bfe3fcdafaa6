# SPDX-License-Identifier: Apache-2.0
"""The closed vocabulary of the ledger: every type of event, with the words that people read."""

from enum import StrEnum
from typing import Self

from lims.core.words import N_


class Tag(StrEnum):
    """A type of event, `thing:part:what happened`, and its words.

    To add one: write it under its feature, in the past tense, and describe it in
    docs/custody-vocabulary.md. One that has been used is never renamed or given another meaning.
    """

    words: str

    def __new__(cls, value: str, words: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member

    # custody: whatever has a code
    SUBJECT_HOLD_SET = "subject:hold:set", N_("Put on hold")
    SUBJECT_HOLD_LIFTED = "subject:hold:lifted", N_("Hold lifted")
    SUBJECT_CUSTODY_HANDED_OVER = (
        "subject:custody:handed-over",
        N_("Passed from one holder to the next"),
    )
    SUBJECT_CUSTODY_TAKEN_OVER = (
        "subject:custody:taken-over",
        N_("Taken over without whoever held it"),
    )
    SUBJECT_CUSTODY_GIVEN_OUTSIDE = (
        "subject:custody:given-outside",
        N_("Given to somebody from outside"),
    )
    SUBJECT_CUSTODY_CAME_BACK = "subject:custody:came-back", N_("Came back from outside")
    HANDOVER_LIST_OPENED = "handover:list:opened", N_("Hand-over opened by the giver")
    HANDOVER_LIST_COMPLETED = "handover:list:completed", N_("Hand-over completed by the receiver")
    HANDOVER_LIST_REFUSED = "handover:list:refused", N_("Hand-over refused by the receiver")
    HANDOVER_LIST_WITHDRAWN = "handover:list:withdrawn", N_("Hand-over withdrawn by the giver")
    SUBJECT_STATE_CHANGED = "subject:state:changed", N_("State changed")
    SUBJECT_RECORD_CORRECTED = "subject:record:corrected", N_("Record corrected")
    SUBJECT_RECORD_VOIDED = "subject:record:voided", N_("Voided")
    SUBJECT_NOTE_ADDED = "subject:note:added", N_("Note added")
    SUBJECT_PHOTO_ADDED = "subject:photo:added", N_("Photograph added")

    # custody: the ledger itself
    LEDGER_EXPORT_MADE = "ledger:export:made", N_("Ledger exported")
    LEDGER_CHECK_DONE = "ledger:check:done", N_("Ledger verified")
    LEDGER_DAYS_CERTIFIED = "ledger:days:certified", N_("Daily keys certified")
    LEDGER_HISTORY_READ = "ledger:history:read", N_("Custody history read")
    LEDGER_PROOF_MADE = "ledger:proof:made", N_("Proof of its custody made")
    LEDGER_CHECKPOINT_WITNESSED = (
        "ledger:checkpoint:witnessed",
        N_("Checkpoint cosigned by a witness"),
    )
    LEDGER_GAPS_ASKED = "ledger:gaps:asked", N_("Search for gaps asked for")
    LEDGER_GAPS_SEARCHED = "ledger:gaps:searched", N_("Search for gaps finished")
    LEDGER_PACKAGE_MADE = "ledger:package:made", N_("Package for the court made")

    # people, devices, sessions
    PERSON_ACCOUNT_ADDED = "person:account:added", N_("Account added")
    PERSON_ACCOUNT_CHANGED = "person:account:changed", N_("Account changed")
    PERSON_ACCOUNT_CLOSED = "person:account:closed", N_("Account closed")
    PERSON_ACCOUNT_OPENED = "person:account:opened", N_("Account opened again")
    PERSON_ACCOUNT_LOCKED = "person:account:locked", N_("Account locked after failed attempts")
    PERSON_ACCOUNT_UNLOCKED = "person:account:unlocked", N_("Account unlocked")
    PERSON_ROLE_GRANTED = "person:role:granted", N_("Role granted")
    PERSON_ROLE_REVOKED = "person:role:revoked", N_("Role revoked")
    PERSON_PASSWORD_CHANGED = "person:password:changed", N_("Password changed")
    PERSON_PASSWORD_RESET = "person:password:reset", N_("Password reset begun")
    PERSON_FACTOR_ENROLLED = "person:factor:enrolled", N_("Second factor enrolled")
    PERSON_FACTOR_PASSED = "person:factor:passed", N_("Second factor passed")
    PERSON_FACTOR_REMOVED = "person:factor:removed", N_("Second factor removed")
    PERSON_SESSION_OPENED = "person:session:opened", N_("Signed in")
    PERSON_SESSION_CLOSED = "person:session:closed", N_("Signed out")
    PERSON_SESSION_REFUSED = "person:session:refused", N_("Sign-in refused")
    PERSON_BADGE_ISSUED = "person:badge:issued", N_("Badge issued")
    PERSON_BADGE_VOIDED = "person:badge:voided", N_("Badge voided")
    PERSON_AUTHORISATION_GRANTED = "person:authorisation:granted", N_("Authorised for an activity")
    PERSON_AUTHORISATION_ENDED = "person:authorisation:ended", N_("Authorisation ended")
    PERSON_PROFILE_FILED = "person:profile:filed", N_("Elimination profile filed")
    STATION_RECORD_ADDED = "station:record:added", N_("Station added")
    STATION_RECORD_CHANGED = "station:record:changed", N_("Station changed")
    STATION_KEY_ISSUED = "station:key:issued", N_("Key of a bench agent issued")
    STATION_KEY_REVOKED = "station:key:revoked", N_("Key of a bench agent revoked")
    STATION_AGENT_CLAIMED = "station:agent:claimed", N_("An agent began to work for a station")
    STATION_AGENT_REFUSED = "station:agent:refused", N_("A second agent of a station refused")
    STATION_CLOCK_WRONG = "station:clock:wrong", N_("Clock of a bench computer found wrong")
    STATION_SESSION_OPENED = "station:session:opened", N_("Work at a station begun")
    STATION_SESSION_CLOSED = "station:session:closed", N_("Work at a station ended")
    STATION_SCREEN_ORDERED = "station:screen:ordered", N_("Code for a screen given out")
    STATION_SCREEN_OPENED = "station:screen:opened", N_("Screen of a station opened")
    STATION_SCREEN_CLOSED = "station:screen:closed", N_("Screen of a station closed")
    STATION_CARD_ADDED = "station:card:added", N_("Command card of a station added")
    LABEL_ALARM_RAISED = "label:alarm:raised", N_("Label read that must not be on anything")
    LABEL_ALARM_ANSWERED = "label:alarm:answered", N_("Alarm of a label answered")

    # bench
    SCAN_CODE_ACCEPTED = "scan:code:accepted", N_("Scan accepted")
    SCAN_CODE_REFUSED = "scan:code:refused", N_("Scan refused")
    SCAN_CODE_STOPPED = "scan:code:stopped", N_("Wrong tube scanned, work stopped")
    SCAN_CODE_STORED = "scan:code:stored", N_("Scan stored, not checked")
    SCAN_COMMAND_GIVEN = "scan:command:given", N_("Command scanned")
    SCAN_VALUE_ENTERED = "scan:value:entered", N_("Value entered at a station")
    SCAN_STEP_UNDONE = "scan:step:undone", N_("Last step undone")

    # storage, reagents, equipment, procedures
    PLACE_RECORD_ADDED = "place:record:added", N_("Place of storage added")
    PLACE_RECORD_CHANGED = "place:record:changed", N_("Place of storage changed")
    PLACE_RECORD_RETIRED = "place:record:retired", N_("Place of storage retired")
    PLACE_COUNT_BEGUN = "place:count:begun", N_("Count of the contents begun")
    PLACE_COUNT_SETTLED = "place:count:settled", N_("Difference of a count settled")
    PLACE_RACK_IMPORTED = "place:rack:imported", N_("File of a rack scanner applied")
    PLACE_RECORD_COUNTED = "place:record:counted", N_("Contents counted")
    LOT_RECORD_RECEIVED = "lot:record:received", N_("Reagent lot received")
    LOT_RECORD_RELEASED = "lot:record:released", N_("Reagent lot released")
    LOT_RECORD_BLOCKED = "lot:record:blocked", N_("Reagent lot blocked")
    LOT_RECORD_OPENED = "lot:record:opened", N_("Reagent lot opened")
    LOT_RECORD_UNBLOCKED = "lot:record:unblocked", N_("Quarantine of a reagent lot lifted")
    LOT_AMOUNT_USED = "lot:amount:used", N_("Part of a reagent lot used")
    LOT_AMOUNT_CORRECTED = "lot:amount:corrected", N_("Amount of a reagent lot corrected")
    LOT_RECORD_EMPTIED = "lot:record:emptied", N_("Reagent lot empty")
    LOT_RECORD_DISCARDED = "lot:record:discarded", N_("Reagent lot discarded")
    REAGENT_RECORD_ADDED = "reagent:record:added", N_("Reagent added to the catalogue")
    KIT_RECORD_ADDED = "kit:record:added", N_("Kit added")
    INSTRUMENT_RECORD_ADDED = "instrument:record:added", N_("Instrument added")
    INSTRUMENT_RECORD_CHANGED = "instrument:record:changed", N_("Instrument changed")
    INSTRUMENT_RECORD_RETIRED = "instrument:record:retired", N_("Instrument retired")
    INSTRUMENT_CALIBRATION_RECORDED = "instrument:calibration:recorded", N_("Calibration recorded")
    INSTRUMENT_PLAN_ADDED = "instrument:plan:added", N_("Plan of calibration or maintenance added")
    INSTRUMENT_UPKEEP_RECORDED = "instrument:upkeep:recorded", N_("Maintenance recorded")
    INSTRUMENT_WORK_STOPPED = "instrument:work:stopped", N_("Instrument out of service")
    INSTRUMENT_WORK_RESUMED = "instrument:work:resumed", N_("Instrument back in service")
    INSTRUMENT_CONSUMABLE_INSTALLED = (
        "instrument:consumable:installed", N_("Consumable installed on the analyzer")
    )  # fmt: skip
    INSTRUMENT_CONSUMABLE_COUNTED = (
        "instrument:consumable:counted", N_("Use of the analyzer's consumables counted")
    )  # fmt: skip
    TOOL_RECORD_ADDED = "tool:record:added", N_("Tool added")
    TOOL_WORK_DECONTAMINATED = "tool:work:decontaminated", N_("Tool decontaminated")
    PROCEDURE_VERSION_ADDED = "procedure:version:added", N_("Procedure version added")
    PROCEDURE_VERSION_APPROVED = "procedure:version:approved", N_("Procedure version approved")
    PROCEDURE_VERSION_WITHDRAWN = "procedure:version:withdrawn", N_("Procedure version withdrawn")
    KIT_VERSION_ADDED = "kit:version:added", N_("Kit version added")
    KIT_VERSION_APPROVED = "kit:version:approved", N_("Kit version approved")
    KIT_VERSION_USED = "kit:version:used", N_("Kit version used")
    KIT_VERSION_WITHDRAWN = "kit:version:withdrawn", N_("Kit version withdrawn")

    # printing
    LABEL_INSTANCE_ORDERED = "label:instance:ordered", N_("Label ordered")
    LABEL_INSTANCE_STARTED = "label:instance:started", N_("Printing of the label begun")
    LABEL_INSTANCE_PRINTED = "label:instance:printed", N_("Label printed")
    LABEL_INSTANCE_FAILED = "label:instance:failed", N_("Label not printed")
    LABEL_INSTANCE_LOST = "label:instance:lost", N_("Label never came out of the printer")
    LABEL_INSTANCE_UNSURE = "label:instance:unsure", N_("Label perhaps printed")
    LABEL_INSTANCE_VERIFIED = "label:instance:verified", N_("Label scanned back, live from now on")
    LABEL_INSTANCE_VOIDED = "label:instance:voided", N_("Label voided")
    LABEL_INSTANCE_REPRINTED = "label:instance:reprinted", N_("Label printed again")
    LABEL_INSTANCE_SETTLED = "label:instance:settled", N_("Label not scanned back: explained")
    LABEL_JOB_ORDERED = "label:job:ordered", N_("Many labels ordered as one job")
    LABEL_JOB_STOPPED = "label:job:stopped", N_("Printing of a job stopped")
    LABEL_JOB_RESUMED = "label:job:resumed", N_("Printing of a job resumed")
    LABEL_JOB_MOVED = "label:job:moved", N_("Job of labels moved to another printer")
    LABEL_LAYOUT_SAVED = "label:layout:saved", N_("Label layout taken into use")
    PRINTER_RECORD_ADDED = "printer:record:added", N_("Printer added")
    PRINTER_RECORD_CHANGED = "printer:record:changed", N_("Printer changed")
    PRINTER_TEST_ORDERED = "printer:test:ordered", N_("Test print ordered")
    PRINTER_COUNTER_JUMPED = "printer:counter:jumped", N_("Counter of the printer jumped")

    # samples and what is taken from them
    SAMPLE_CODE_GIVEN = "sample:code:given", N_("Code given")
    SAMPLE_PACKAGE_RECEIVED = "sample:package:received", N_("Package received")
    SAMPLE_ITEM_RECEIVED = "sample:item:received", N_("Received")
    SAMPLE_ITEM_ACCEPTED = "sample:item:accepted", N_("Accepted into the laboratory")
    SAMPLE_ITEM_REJECTED = "sample:item:rejected", N_("Rejected on receipt")
    SAMPLE_ITEM_DESCRIBED = "sample:item:described", N_("Described")
    SAMPLE_ITEM_WEIGHED = "sample:item:weighed", N_("Weighed")
    SAMPLE_ITEM_MOVED = "sample:item:moved", N_("Moved")
    SAMPLE_ITEM_HANDED_OVER = "sample:item:handed-over", N_("Handed over")
    SAMPLE_ITEM_TAKEN_BACK = "sample:item:taken-back", N_("Received from another custodian")
    SAMPLE_ITEM_CLEANED = "sample:item:cleaned", N_("Cleaned")
    SAMPLE_ITEM_CUT = "sample:item:cut", N_("Cut")
    SAMPLE_ITEM_GROUND = "sample:item:ground", N_("Ground to powder")
    SAMPLE_ITEM_PREPARED = "sample:item:prepared", N_("Taken into a preparation set")
    SAMPLE_ITEM_SPARED = "sample:item:spared", N_("Taken out of a preparation set")
    SAMPLE_TOOL_USED = "sample:tool:used", N_("Tool used for it")
    SAMPLE_PHOTOGRAPH_ADDED = "sample:photograph:added", N_("Photographed in the laboratory")
    SAMPLE_PHOTOGRAPH_WITHDRAWN = (
        "sample:photograph:withdrawn",
        N_("Photograph of the laboratory withdrawn"),
    )
    SAMPLE_ITEM_CONSUMED = "sample:item:consumed", N_("Consumed")
    SAMPLE_ITEM_DESTROYED = "sample:item:destroyed", N_("Destroyed")
    SAMPLE_ITEM_RETURNED = "sample:item:returned", N_("Returned")
    SAMPLE_ITEM_MISSED = "sample:item:missed", N_("Found missing")
    SAMPLE_ITEM_FOUND = "sample:item:found", N_("Found again")
    SAMPLE_CONSUMPTION_RULED = "sample:consumption:ruled", N_("Rule for the last of it set")
    SAMPLE_CONSUMPTION_PERMITTED = (
        "sample:consumption:permitted",
        N_("Customer's permission to use it up recorded"),
    )
    SAMPLE_DESTRUCTION_QUEUED = "sample:destruction:queued", N_("Queued for destruction")
    SAMPLE_DESTRUCTION_WITHDRAWN = (
        "sample:destruction:withdrawn",
        N_("Taken off the queue of destruction"),
    )
    SAMPLE_RECORD_ERASED = "sample:record:erased", N_("Erased on withdrawal of consent")
    SAMPLE_SEAL_CHECKED = "sample:seal:checked", N_("Seal checked")
    SAMPLE_SEAL_BROKEN = "sample:seal:broken", N_("Seal broken")
    SAMPLE_SEAL_APPLIED = "sample:seal:applied", N_("Seal applied")
    ALIQUOT_TUBE_TAKEN = "aliquot:tube:taken", N_("Aliquot taken")
    ALIQUOT_TUBE_MOVED = "aliquot:tube:moved", N_("Aliquot moved")
    ALIQUOT_TUBE_USED = "aliquot:tube:used", N_("Part of the aliquot used")
    ALIQUOT_TUBE_CONSUMED = "aliquot:tube:consumed", N_("Aliquot consumed")
    ALIQUOT_TUBE_DISCARDED = "aliquot:tube:discarded", N_("Aliquot discarded")
    ALIQUOT_AMOUNT_CORRECTED = "aliquot:amount:corrected", N_("Amount corrected")

    # batches and plates
    BATCH_RECORD_OPENED = "batch:record:opened", N_("Batch opened")
    BATCH_MEMBER_ADDED = "batch:member:added", N_("Added to the batch")
    BATCH_MEMBER_REMOVED = "batch:member:removed", N_("Removed from the batch")
    BATCH_MEMBER_SCANNED = "batch:member:scanned", N_("Tube scanned into its place in the batch")
    BATCH_BLANK_ADDED = "batch:blank:added", N_("Reagent blank added to the batch")
    BATCH_LOT_USED = "batch:lot:used", N_("Reagent lot used in the batch")
    BATCH_INSTRUMENT_USED = "batch:instrument:used", N_("Instrument used for the batch")
    BATCH_WORK_RELEASED = "batch:work:released", N_("Batch released for work")
    BATCH_WORK_STARTED = "batch:work:started", N_("Batch started")
    BATCH_WORK_COMPLETED = "batch:work:completed", N_("Batch completed")
    BATCH_WORK_REVIEWED = "batch:work:reviewed", N_("Batch reviewed")
    BATCH_WORK_REPEATED = "batch:work:repeated", N_("Failed batch begun again")
    BATCH_WORKSHEET_PRINTED = "batch:worksheet:printed", N_("Worksheet of the batch printed")
    BATCH_RECORD_VOIDED = "batch:record:voided", N_("Batch voided")
    PLATE_RECORD_OPENED = "plate:record:opened", N_("Plate opened")
    PLATE_ITEM_MOVED = "plate:item:moved", N_("Plate moved")
    PLATE_WELL_LOADED = "plate:well:loaded", N_("Well loaded")
    PLATE_WELL_SCANNED = "plate:well:scanned", N_("Tube scanned into its well")
    PLATE_WELL_VOIDED = "plate:well:voided", N_("Well voided")
    PLATE_LOT_USED = "plate:lot:used", N_("Reagent lot used on the plate")
    PLATE_INSTRUMENT_USED = "plate:instrument:used", N_("Instrument used for the plate")
    PLATE_WORK_RELEASED = "plate:work:released", N_("Plate released for work")
    PLATE_WORK_STARTED = "plate:work:started", N_("Plate started")
    PLATE_WORK_COMPLETED = "plate:work:completed", N_("Plate completed")
    PLATE_WORK_REVIEWED = "plate:work:reviewed", N_("Plate reviewed")
    PLATE_WORK_REPEATED = "plate:work:repeated", N_("Failed plate begun again")
    PLATE_NAMES_GIVEN = "plate:names:given", N_("Names of the analyzer given")
    PLATE_RECORD_EXPORTED = "plate:record:exported", N_("Plate record written for an instrument")
    PLATE_WORKSHEET_PRINTED = "plate:worksheet:printed", N_("Worksheet of the plate printed")
    PLATE_ROBOT_WRITTEN = "plate:robot:written", N_("Robot file written")
    PLATE_ROBOT_COMPARED = "plate:robot:compared", N_("Robot file compared, it agrees")
    ROBOT_TEMPLATE_SAVED = "robot:template:saved", N_("Template of robot files saved")
    PLATE_TEMPLATE_ADDED = "plate:template:added", N_("Template of plate records added")
    PLATE_RECORD_VOIDED = "plate:record:voided", N_("Plate voided")

    # the four stages
    REPEAT_WORK_ASKED = "repeat:work:asked", N_("Work to be done again")
    REPEAT_WORK_TAKEN_UP = "repeat:work:taken-up", N_("Done again")
    REPEAT_WORK_WITHDRAWN = "repeat:work:withdrawn", N_("Repeat withdrawn")
    SAMPLE_URGENCY_SET = "sample:urgency:set", N_("Made urgent")
    SAMPLE_URGENCY_LIFTED = "sample:urgency:lifted", N_("No longer urgent")
    EXTRACT_TUBE_MADE = "extract:tube:made", N_("Extract made")
    EXTRACT_TUBE_MOVED = "extract:tube:moved", N_("Extract moved")
    EXTRACT_TUBE_USED = "extract:tube:used", N_("Part of the extract used")
    EXTRACT_TUBE_CONSUMED = "extract:tube:consumed", N_("Extract consumed")
    EXTRACT_TUBE_DISCARDED = "extract:tube:discarded", N_("Extract discarded")
    QUANTITY_TABLE_IMPORTED = "quantity:table:imported", N_("Quantities imported")
    QUANTITY_VALUE_RECORDED = "quantity:value:recorded", N_("Quantity recorded")
    QUANTITY_VALUE_VOIDED = "quantity:value:voided", N_("Quantity voided")
    QUANTITY_DECISION_MADE = "quantity:decision:made", N_("Next step decided from the quantity")
    QUANTITY_DECISION_CONFIRMED = "quantity:decision:confirmed", N_("Next step confirmed")
    QUANTITY_DECISION_OVERRIDDEN = (
        "quantity:decision:overridden", N_("Another next step decided by a person")
    )  # fmt: skip
    QUANTITY_LIMITS_PROPOSED = "quantity:limits:proposed", N_("Limits of quantities proposed")
    QUANTITY_LIMITS_APPROVED = "quantity:limits:approved", N_("Limits of quantities approved")
    QUANTITY_LIMITS_REFUSED = "quantity:limits:refused", N_("Limits of quantities refused")
    QUANTITY_MAPPING_SAVED = "quantity:mapping:saved", N_("Mapping of a table's headers saved")
    AMPLIFICATION_WELL_LOADED = "amplification:well:loaded", N_("Loaded for amplification")
    AMPLIFICATION_RUN_FINISHED = "amplification:run:finished", N_("Amplified")
    INJECTION_WELL_LOADED = "injection:well:loaded", N_("Loaded for injection")
    RUN_FILES_IMPORTED = "run:files:imported", N_("Analyzer run imported")
    RUN_FILES_REFUSED = "run:files:refused", N_("Analyzer run refused")
    RUN_INJECTION_IMPORTED = "run:injection:imported", N_("Injection imported")
    RUN_INJECTION_VOIDED = "run:injection:voided", N_("Injection voided")
    RUN_FINDING_RECORDED = "run:finding:recorded", N_("Finding of a quality rule")
    RUN_FINDING_OVERRULED = "run:finding:overruled", N_("Finding overruled with a reason")
    READING_CALLS_STARTED = "reading:calls:started", N_("Reading begun")
    READING_CALLS_SUBMITTED = "reading:calls:submitted", N_("Reading submitted")
    READING_CALLS_COMPARED = "reading:calls:compared", N_("Two readings compared")
    READING_DIFFERENCE_SETTLED = "reading:difference:settled", N_("Difference adjudicated")
    PROFILE_RECORD_ACCEPTED = "profile:record:accepted", N_("Profile accepted")
    PROFILE_RECORD_REFUSED = "profile:record:refused", N_("Profile refused")
    PROFILE_RECORD_SIGNED = "profile:record:signed", N_("Profile signed")
    PROFILE_RECORD_RELEASED = "profile:record:released", N_("Profile released")
    PROFILE_RECORD_WITHDRAWN = "profile:record:withdrawn", N_("Profile withdrawn")

    # quality
    INCIDENT_RECORD_OPENED = "incident:record:opened", N_("Incident opened")
    INCIDENT_NOTE_ADDED = "incident:note:added", N_("Note added to an incident")
    INCIDENT_ACTION_TAKEN = "incident:action:taken", N_("Corrective action taken")
    INCIDENT_RECORD_CLOSED = "incident:record:closed", N_("Incident closed")
    REVIEW_RECORD_SIGNED = "review:record:signed", N_("Review signed")
    SETTING_VALUE_CHANGED = "setting:value:changed", N_("Setting changed")
    FILE_CONTENT_STORED = "file:content:stored", N_("File stored")

    # the sealed side: streams with random names, never a laboratory code
    SEALED_SITE_ADDED = "sealed:site:added", N_("Recovery site recorded")
    SEALED_CASE_OPENED = "sealed:case:opened", N_("Case opened")
    SEALED_CASE_CHANGED = "sealed:case:changed", N_("Case changed")
    SEALED_ITEM_RECORDED = "sealed:item:recorded", N_("Recovered item recorded")
    SEALED_ITEM_CHANGED = "sealed:item:changed", N_("Recovered item changed")
    SEALED_PACKAGE_DISPATCHED = "sealed:package:dispatched", N_("Package dispatched")
    SEALED_PACKAGE_RECEIVED = "sealed:package:received", N_("Package received")
    SEALED_LIST_TAKEN = "sealed:list:taken", N_("Dispatch list taken")
    SEALED_LIST_ARRIVED = "sealed:list:arrived", N_("Dispatch arrived")
    SEALED_LIST_RECEIVED = "sealed:list:received", N_("Dispatch received in full")
    SEALED_SEAL_BROKEN = "sealed:seal:broken", N_("Seal broken")
    SEALED_SEAL_APPLIED = "sealed:seal:applied", N_("Seal applied")
    SEALED_PACKAGE_EMPTIED = "sealed:package:emptied", N_("Package emptied")
    SEALED_OUTSIDE_GIVEN = "sealed:outside:given", N_("Somebody from outside received things")
    SEALED_OUTSIDE_BACK = "sealed:outside:back", N_("Somebody from outside brought things back")
    SEALED_PACKAGE_HANDED_OVER = "sealed:package:handed-over", N_("Package handed over")
    SEALED_ITEM_SCANNED = "sealed:item:scanned", N_("Item of a dispatch scanned")
    SEALED_ITEM_WEIGHED = "sealed:item:weighed", N_("Item of a dispatch weighed")
    SEALED_DISCREPANCY_RECORDED = "sealed:discrepancy:recorded", N_("Discrepancy of a dispatch")
    SEALED_DISCREPANCY_DECIDED = "sealed:discrepancy:decided", N_("Discrepancy decided")
    SEALED_NUMBER_GIVEN = "sealed:number:given", N_("Number of another kept")
    SEALED_NUMBER_WITHDRAWN = "sealed:number:withdrawn", N_("Number of another withdrawn")
    SEALED_PHOTOGRAPH_ADDED = "sealed:photograph:added", N_("Field photograph added")
    SEALED_PHOTOGRAPH_WITHDRAWN = "sealed:photograph:withdrawn", N_("Field photograph withdrawn")
    SEALED_INDIVIDUAL_OPENED = "sealed:individual:opened", N_("Individual recorded")
    SEALED_INDIVIDUAL_DECIDED = "sealed:individual:decided", N_("Decided whose remains these are")
    SEALED_ITEM_CODED = "sealed:item:coded", N_("Coded")
    SEALED_CODE_RESOLVED = "sealed:code:resolved", N_("Code resolved")
    SEALED_RECORD_READ = "sealed:record:read", N_("Sealed record read")
    SEALED_PERSON_RECORDED = "sealed:person:recorded", N_("Missing person recorded")
    SEALED_PERSON_CHANGED = "sealed:person:changed", N_("Missing person's record changed")
    SEALED_DONOR_RECORDED = "sealed:donor:recorded", N_("Donor recorded")
    SEALED_DONOR_CHANGED = "sealed:donor:changed", N_("Donor's record changed")
    SEALED_RELATION_DECLARED = "sealed:relation:declared", N_("Relation declared")
    SEALED_CONSENT_RECORDED = "sealed:consent:recorded", N_("Consent recorded")
    SEALED_CONSENT_WITHDRAWN = "sealed:consent:withdrawn", N_("Consent withdrawn")
    SEALED_DONOR_CODED = "sealed:donor:coded", N_("Reference sample coded")
    SEALED_RECORD_ERASED = "sealed:record:erased", N_("Record erased on withdrawal")
    SEALED_LEGAL_HOLD_SET = "sealed:legal-hold:set", N_("Erasure blocked by law")
    SEALED_LEGAL_HOLD_LIFTED = "sealed:legal-hold:lifted", N_("Erasure no longer blocked by law")
