"""Run profiles, statuses and counters. Status and counter strings are API: never renamed, translated or re-cased."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class StepType(StrEnum):
    FULL_IMPORT = "full-import"
    DELTA_IMPORT = "delta-import"
    FULL_SYNCHRONIZATION = "full-synchronization"
    DELTA_SYNCHRONIZATION = "delta-synchronization"
    EXPORT = "export"

    @property
    def is_import(self) -> bool:
        return self in (StepType.FULL_IMPORT, StepType.DELTA_IMPORT)

    @property
    def is_synchronization(self) -> bool:
        return self in (StepType.FULL_SYNCHRONIZATION, StepType.DELTA_SYNCHRONIZATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """One step. Limits of 0 mean none; ``page_objects`` is how many objects are asked for or sent at a time.

    ``verify``: an import compares every object value by value, whatever the hashes say. ``to_file`` and
    ``resume_from_file`` are the path of the drop file (engine specification §3.1, §8.5); both together are one path.
    """

    type: StepType
    page_objects: int = 0  # 0: the connector's default
    object_limit: int = 0
    deletion_limit: int = 0
    error_limit: int = 5000
    timeout_s: int = 120
    verify: bool = False
    to_file: str = ""
    resume_from_file: str = ""

    @property
    def only_writes_file(self) -> bool:
        """Whether the drop file is all that the step leaves."""
        return bool(self.to_file) and not self.resume_from_file

    @property
    def only_reads_file(self) -> bool:
        """Whether the drop file stands in for the connected data source, or for what is pending."""
        return bool(self.resume_from_file) and not self.to_file


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProfile:
    name: str
    steps: tuple[RunStep, ...]


class Outcome(StrEnum):
    """What a status means for the run that carries it (diagnostics specification §0)."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    IN_PROGRESS = "in-progress"


class Status(StrEnum):
    """Step and run statuses that this version can give; meanings: ``diagnosis``."""

    SUCCESS = "success"
    IN_PROGRESS = "in-progress"
    COMPLETED_NO_OBJECTS = "completed-no-objects"
    COMPLETED_WARNINGS = "completed-warnings"
    COMPLETED_TRANSIENT_OBJECTS = "completed-transient-objects"
    COMPLETED_SYNC_ERRORS = "completed-sync-errors"
    COMPLETED_EXPORT_ERRORS = "completed-export-errors"
    COMPLETED_DISCOVERY_ERRORS = "completed-discovery-errors"
    NO_START_BAD_MA_CONFIGURATION = "no-start-bad-ma-configuration"
    NO_START_CHANGE_LOG_NOT_ENABLED = "no-start-change-log-not-enabled"
    NO_START_CONNECTION = "no-start-connection"
    NO_START_CREDENTIALS = "no-start-credentials"
    NO_START_DATABASE_PERMISSION = "no-start-database-permission"
    NO_START_DATABASE_SCHEMA_MISMATCH = "no-start-database-schema-mismatch"
    NO_START_DATABASE_TABLE = "no-start-database-table"
    NO_START_DELTA_STEP_TYPE_NOT_CONFIGURED = "no-start-delta-step-type-not-configured"
    NO_START_FILE_ACCESS_DENIED = "no-start-file-access-denied"
    NO_START_FILE_CODE_PAGE = "no-start-file-code-page"
    NO_START_FILE_CONTAINS_INCORRECT_STEP_TYPE = "no-start-file-contains-incorrect-step-type"
    NO_START_FILE_NOT_FOUND = "no-start-file-not-found"
    NO_START_FILE_OPEN = "no-start-file-open"
    NO_START_FULL_IMPORT_REQUIRED = "no-start-full-import-required"
    NO_START_HEADER_ROW_MISMATCH = "no-start-header-row-mismatch"
    NO_START_MA = "no-start-ma"
    NO_START_MA_ALREADY_RUNNING = "no-start-ma-already-running"
    NO_START_NO_STEPS_IN_PROFILE = "no-start-no-steps-in-profile"
    NO_START_PARTITION_NOT_CONFIGURED = "no-start-partition-not-configured"
    NO_START_SERVER = "no-start-server"
    NO_START_UNKNOWN_PROFILE_NAME = "no-start-unknown-profile-name"
    STOPPED_CODE_PAGE_CONVERSION = "stopped-code-page-conversion"
    STOPPED_CONNECTIVITY = "stopped-connectivity"
    STOPPED_DATABASE_CONNECTION_LOST = "stopped-database-connection-lost"
    STOPPED_DATABASE_DISK_FULL = "stopped-database-disk-full"
    STOPPED_DEADLOCKED = "stopped-deadlocked"
    STOPPED_DELETION_THRESHOLD_EXCEEDED = "stopped-deletion-threshold-exceeded"
    STOPPED_DISK_FULL = "stopped-disk-full"
    STOPPED_ENTRY_POINT_NOT_IMPLEMENTED = "stopped-entry-point-not-implemented"
    STOPPED_ERROR_LIMIT = "stopped-error-limit"
    STOPPED_EXPORT_WRITE = "stopped-export-write"
    STOPPED_EXTENSION_DLL_EXCEPTION = "stopped-extension-dll-exception"
    STOPPED_FILE_EMBEDDED_NULLS = "stopped-file-embedded-nulls"
    STOPPED_FILE_ERROR = "stopped-file-error"
    STOPPED_IMPORT_READ = "stopped-import-read"
    STOPPED_MA = "stopped-ma"
    STOPPED_OBJECT_LIMIT = "stopped-object-limit"
    STOPPED_PARSING_ERRORS = "stopped-parsing-errors"
    STOPPED_SERVER = "stopped-server"
    STOPPED_USER_TERMINATION = "stopped-user-termination-from-wmi-or-ui"

    @property
    def outcome(self) -> Outcome:
        if self is Status.IN_PROGRESS:
            return Outcome.IN_PROGRESS
        if self is Status.SUCCESS:
            return Outcome.SUCCESS
        if self in _WARNINGS:
            return Outcome.WARNING
        return Outcome.ERROR

    @property
    def ends_run(self) -> bool:
        """Whether later steps of the profile must not run (engine specification §9.2)."""
        return self.value.startswith(("stopped-", "no-start-")) or self is Status.COMPLETED_DISCOVERY_ERRORS

    @property
    def allows_obsoletion(self) -> bool:
        """Whether a full import that would end so may treat unseen objects as deleted (engine specification §3.7)."""
        return self in (
            Status.SUCCESS,
            Status.COMPLETED_SYNC_ERRORS,
            Status.COMPLETED_WARNINGS,
            Status.COMPLETED_TRANSIENT_OBJECTS,
        )


_WARNINGS = frozenset(
    {
        Status.COMPLETED_NO_OBJECTS,
        Status.COMPLETED_WARNINGS,
        Status.COMPLETED_TRANSIENT_OBJECTS,
        Status.COMPLETED_SYNC_ERRORS,
        Status.COMPLETED_EXPORT_ERRORS,
        Status.STOPPED_OBJECT_LIMIT,
        Status.STOPPED_USER_TERMINATION,
    }
)


class Counter(StrEnum):
    """Counters of a step; inbound and outbound counters of one name differ by ``StepCount.target``."""

    FILTERED_DELETIONS = "filtered-deletions"
    FILTERED_OBJECTS = "filtered-objects"
    STAGE_NO_CHANGE = "stage-no-change"
    STAGE_ADD = "stage-add"
    STAGE_UPDATE = "stage-update"
    STAGE_RENAME = "stage-rename"
    STAGE_DELETE = "stage-delete"
    STAGE_DELETE_ADD = "stage-delete-add"
    STAGE_FAILURE = "stage-failure"
    DISCONNECTOR_FILTERED = "disconnector-filtered"
    DISCONNECTOR_JOINED_NO_FLOW = "disconnector-joined-no-flow"
    DISCONNECTOR_JOINED_FLOW = "disconnector-joined-flow"
    DISCONNECTOR_PROJECTED_NO_FLOW = "disconnector-projected-no-flow"
    DISCONNECTOR_PROJECTED_FLOW = "disconnector-projected-flow"
    DISCONNECTOR_REMAINS = "disconnector-remains"
    CONNECTOR_FILTERED_REMOVE_MV = "connector-filtered-remove-mv"
    CONNECTOR_FILTERED_LEAVE_MV = "connector-filtered-leave-mv"
    CONNECTOR_FLOW = "connector-flow"
    CONNECTOR_NO_FLOW = "connector-no-flow"
    CONNECTOR_DELETE_REMOVE_MV = "connector-delete-remove-mv"
    CONNECTOR_DELETE_LEAVE_MV = "connector-delete-leave-mv"
    CONNECTOR_DELETE_ADD_PROCESSED = "connector-delete-add-processed"
    FLOW_FAILURE = "flow-failure"
    PROVISIONED_ADD_NO_FLOW = "provisioned-add-no-flow"
    PROVISIONED_ADD_FLOW = "provisioned-add-flow"
    PROVISIONED_RENAME_NO_FLOW = "provisioned-rename-no-flow"
    PROVISIONED_RENAME_FLOW = "provisioned-rename-flow"
    PROVISIONED_DISCONNECT = "provisioned-disconnect"
    EXPORT_ADD = "export-add"
    EXPORT_UPDATE = "export-update"
    EXPORT_RENAME = "export-rename"
    EXPORT_DELETE = "export-delete"
    EXPORT_FAILURE = "export-failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """A counter's value in one step; ``target`` names the target connector of an outbound counter."""

    counter: Counter
    count: int
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectError:
    """One error of one object in one step. ``category`` and ``code`` key ``diagnosis``; ``message`` holds no secret."""

    code: str
    category: str  # discovery, synchronization, export
    message: str
    cs_id: int | None = None
    anchor: str | None = None
    dn: str | None = None
    attribute: str | None = None
    rule: str | None = None
    algorithm_step: str | None = None  # engine specification §4.1
    target: str | None = None  # the other connector, where the failure lies there
    entry: int | None = None
    line: int | None = None
    column: int | None = None
    cd_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one step did. ``started_at`` and ``ended_at`` are aware, UTC."""

    number: int  # from 1
    step: RunStep
    status: Status
    started_at: datetime
    ended_at: datetime
    message: str = ""  # why it stopped or did not start, for the administrator
    hint: str = ""
    connection: str = ""  # connection result, e.g. failed-connection
    counts: tuple[StepCount, ...] = ()
    error_count: int = 0
    held_hash: str | None = None  # the plan that the guard holds
    phase_s: tuple[tuple[str, float], ...] = ()  # where the time went, by ``phases.Phase``, in their order


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    id: int
    connector: str
    profile: str
    status: Status
    started_at: datetime
    ended_at: datetime
    fingerprint: str
    steps: tuple[StepResult, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """How much of the history was removed: whole runs, and object errors."""

    runs: int = 0
    errors: int = 0

    def __add__(self, other: Cleared) -> Cleared:
        return Cleared(runs=self.runs + other.runs, errors=self.errors + other.errors)
