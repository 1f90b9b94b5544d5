"""Every error that RMOS raises on purpose: one tree, each leaf with its code, HTTP status and exit code.

Foreign errors (`OSError`, `sqlite3.Error`, …) are translated at the boundary where they arise, `raise … from None`
where their text could show a path of the server. One handler in `api/problems.py` turns the tree into problem+json,
one in `cli/` into exit codes.

    raise RunNotFound("There is no run with this id.", run_id=run_id)
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar


class RmosError(Exception):
    """Base of the tree: a sentence for people and the members that identify what is concerned."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    remedy: ClassVar[str] = "Give the request id to an operator; the log tells more under it."
    """What whoever meets the error can do; shown at `/problems/<code>`."""
    headers: ClassVar[Mapping[str, str]] = {}
    """What HTTP asks an answer of this status to carry."""

    def __init__(
        self,
        detail: str,
        *,
        errors: dict[str, list[str]] | None = None,
        retry_after_s: int | None = None,
        **members: str | int | list[str] | None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.members = members

    def __reduce__(self) -> tuple[object, ...]:
        """Let worker processes hand an error back whole."""
        return (_rebuild, (type(self), self.detail, self.errors, self.retry_after_s, self.members))


def _rebuild(
    kind: type[RmosError],
    detail: str,
    errors: dict[str, list[str]] | None,
    retry_after_s: int | None,
    members: dict[str, str | int | list[str] | None],
) -> RmosError:
    return kind(detail, errors=errors, retry_after_s=retry_after_s, **members)


# What a client sent


class BadJson(RmosError):
    """The body is not strict JSON: syntax, NaN, duplicate keys, encoding, depth or a number out of range."""

    code, title, status, exit_code = "BAD_JSON", "Malformed JSON", 400, 2
    remedy = "Send one JSON object in UTF-8: every member once, no NaN or Infinity, whole numbers within 2^53."


class BadCursor(RmosError):
    """The cursor was not made by this service or was damaged on the way."""

    code, title, status, exit_code = "BAD_CURSOR", "Bad cursor", 400, 2
    remedy = "Use next_cursor as it was given, or start the list again without a cursor."


class BadHeader(RmosError):
    """A request header has a value that cannot be used."""

    code, title, status = "BAD_HEADER", "Bad header", 400
    remedy = "Send the header as `detail` describes it, or leave it out."


class ValidationFailed(RmosError):
    """Fields or parameters are unknown, of the wrong type or out of range; `errors` names each."""

    code, title, status, exit_code = "VALIDATION_FAILED", "Validation failed", 422, 2
    remedy = "Correct the fields or parameters that `errors` names; the document at /api/openapi.json lists them all."


class PromptEmpty(RmosError):
    """A prompt has no word that could be understood; the message gives examples."""

    code, title, status, exit_code = "PROMPT_EMPTY", "Empty prompt", 400, 2
    remedy = "Name at least one thing to draw, as the examples in `detail` do."


class AcknowledgmentRequired(RmosError):
    """An override takes `acknowledge_risk: true` from whoever makes it."""

    code, title, status, exit_code = "ACKNOWLEDGMENT_REQUIRED", "Acknowledgment required", 422, 2
    remedy = "Read the run's decision, and send acknowledge_risk: true when you answer for it."


class IdempotencyKeyReused(RmosError):
    """The Idempotency-Key was used before with another body."""

    code, title, status = "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key used with another body", 422
    remedy = "Send a new key with a new body; repeat a key only with the body that it came with first."


class PayloadTooLarge(RmosError):
    """The body is above the limit."""

    code, title, status = "PAYLOAD_TOO_LARGE", "Payload too large", 413
    remedy = "Send less than `limit_bytes`; large G-code belongs into an attachment."


class DigestMismatch(RmosError):
    """The bytes that came do not have the digest that was declared for them; nothing was stored."""

    code, title, status = "DIGEST_MISMATCH", "Digest mismatch", 400
    remedy = "Compare the file with its source and send it again, or declare the digest of what you mean to send."


class BadBase64(RmosError):
    """`b64` is not base64 (RFC 4648, with padding)."""

    code, title, status = "BAD_ENCODING", "Bad base64", 400
    remedy = "Encode the bytes as base64 without line breaks, or send them as multipart/form-data."


class BadForm(RmosError):
    """The multipart body is not as RFC 7578 has it, or broke off; nothing was stored."""

    code, title, status = "BAD_FORM", "Malformed form", 400
    remedy = "Send one part `file` with a file name, and the text parts `kind`, `sha256` and `metadata` as they apply."


class ContentMismatch(RmosError):
    """The bytes are not of the type that was declared for them; nothing was stored."""

    code, title, status = "CONTENT_MISMATCH", "Content is not of the declared type", 400
    remedy = "Declare the type that the file has, or application/octet-stream."


class SvgRefused(RmosError, ValueError):
    """The text is no SVG, or one that no browser is to be shown."""

    code, title, status = "SVG_REFUSED", "No SVG that can be shown", 422
    remedy = "Take out of the drawing what the detail names; plain shapes, paths, text and gradients pass."


class UnsupportedMediaType(RmosError):
    """The body's type is not the one that the route reads."""

    code, title, status = "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type", 415
    remedy = "Name what the body is: Content-Type: application/json."


class SvgBlocked(RmosError):
    """A drawing could run or load something and is not shown; `blocked_by`, `line` and `column` tell what and where."""

    code, title, status = "SVG_BLOCKED", "Drawing is not shown", 415
    remedy = "Save it as plain SVG, without scripts, links and fonts from elsewhere; the stored file is still there."


# What the web server and the framework refuse before a route is reached


class BadRequest(RmosError):
    """The request does not keep to HTTP or broke off."""

    code, title, status = "BAD_REQUEST", "Bad request", 400
    remedy = "Send the request again, whole; when it comes back, compare it with the HTTP standard (RFC 9112)."


class RouteNotFound(RmosError):
    """No route has this URL."""

    code, title, status = "NOT_FOUND", "Not found", 404
    remedy = "Compare the path with those of /api/openapi.json; paths have no slash at their end."


class MethodNotAllowed(RmosError):
    """The URL exists and does not take this method; the header Allow names those that it takes."""

    code, title, status = "METHOD_NOT_ALLOWED", "Method not allowed", 405
    remedy = "Use one of the methods in Allow."


class NotAcceptable(RmosError):
    """The request accepts none of the forms in which the answer can be had."""

    code, title, status = "NOT_ACCEPTABLE", "Not acceptable", 406
    remedy = "Name in Accept one of the content types that `detail` lists, or leave it out for JSON."


class PreconditionFailed(RmosError):
    """What If-Match or If-Unmodified-Since asks for does not hold: the record is not the one that the caller read."""

    code, title, status = "PRECONDITION_FAILED", "Precondition failed", 412
    remedy = "Read the record again; its ETag is the one to send."


class RequestTimeout(RmosError):
    """The rest of the request did not come in time."""

    code, title, status = "REQUEST_TIMEOUT", "Request timeout", 408
    remedy = "Send the request again, without a pause in it."


class UriTooLong(RmosError):
    """The URL is longer than the service reads."""

    code, title, status = "URI_TOO_LONG", "URI too long", 414
    remedy = "Ask with fewer or shorter parameters."


class RangeNotSatisfiable(RmosError):
    """The range asked for lies outside of what there is; Content-Range says how long it is."""

    code, title, status = "REQUESTED_RANGE_NOT_SATISFIABLE", "Range not satisfiable", 416
    remedy = "Ask for a range within the length, or for the whole."


class ExpectationFailed(RmosError):
    """The header Expect asks for something else than 100-continue."""

    code, title, status = "EXPECTATION_FAILED", "Expectation failed", 417
    remedy = "Leave the header Expect out."


class HeadersTooLarge(RmosError):
    """A header, or all of them together, are larger than the service reads."""

    code, title, status = "REQUEST_HEADER_FIELDS_TOO_LARGE", "Headers too large", 431
    remedy = "Send fewer or shorter headers."


class CodingNotImplemented(RmosError):
    """The body comes in a transfer coding other than chunked."""

    code, title, status = "NOT_IMPLEMENTED", "Not implemented", 501
    remedy = "Send the body with its length, or with Transfer-Encoding: chunked."


# Who asks


class Unauthenticated(RmosError):
    """The route needs a caller, and the request names none that is known."""

    code, title, status = "UNAUTHENTICATED", "Not authenticated", 401
    remedy = "Send `Authorization: Bearer rmos_<id>_<secret>`, or sign in at /sign-in."
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="RMOS"'}


class Forbidden(RmosError):
    """The caller's role does not reach; `role_needed` says which one does."""

    code, title, status = "FORBIDDEN", "Forbidden", 403
    remedy = "Use the token of a caller with the role that `role_needed` names."


class NotLocal(RmosError):
    """Without tokens only programs on this machine are served, and this request came another way."""

    code, title, status = "NOT_LOCAL", "Only this machine is served", 403
    remedy = (
        "Call the service on the machine on which it runs, or make a token: `flask rmos token create NAME --role ROLE`."
    )


class CrossSite(RmosError):
    """A browser sent this write from the page of another site."""

    code, title, status = "CROSS_SITE_REQUEST", "Cross-site request refused", 403
    remedy = "Send the write from a page of this service; for the scripts of another site set RMOS_CORS_ORIGINS."


class TooManyAttempts(RmosError):
    """The address sent too many wrong tokens; a right one is served all the same."""

    code, title, status = "TOO_MANY_ATTEMPTS", "Too many attempts", 429
    remedy = "Send the right token; wrong ones are looked at again after Retry-After."


class TooManyWrites(RmosError):
    """The caller writes more often than `RMOS_WRITE_LIMIT_PER_MINUTE` allows."""

    code, title, status = "TOO_MANY_WRITES", "Too many writes", 429
    remedy = "Wait as long as Retry-After says, or have RMOS_WRITE_LIMIT_PER_MINUTE raised."


class LinkInvalid(RmosError):
    """The signed link is not one of this service, was altered, or is not good for this."""

    code, title, status = "LINK_INVALID", "Link is not valid", 403
    remedy = "Ask whoever gave the link for another one; it is copied whole, and good for one file and one purpose."


# What is not there, or not any more


class LinkExpired(RmosError):
    """The time of the signed link is over."""

    code, title, status = "LINK_EXPIRED", "Link has expired", 410
    remedy = "Ask whoever gave the link for a new one."


class TokenNotFound(RmosError):
    """No token has this id."""

    code, title, status = "TOKEN_NOT_FOUND", "Token not found", 404
    remedy = "Compare the id with those of `flask rmos token list`."


class RunNotFound(RmosError):
    """No run has this id."""

    code, title, status = "RUN_NOT_FOUND", "Run not found", 404
    remedy = "Compare the id with a list of runs; ids are copied whole, `run_` and 32 hex digits."


class RunDeleted(RmosError):
    """The run was deleted; the members say who, when and why."""

    code, title, status = "RUN_DELETED", "Run deleted", 410
    remedy = "Ask whoever deleted it; an operator can restore a run that was deleted softly."


class SessionNotFound(RmosError):
    """No workflow session has this id."""

    code, title, status = "SESSION_NOT_FOUND", "Workflow session not found", 404
    remedy = "Compare the id with the list of workflow sessions, or leave it out."


class SessionDeleted(RmosError):
    """The workflow session was deleted: it takes neither runs nor changes until it is restored."""

    code, title, status = "SESSION_DELETED", "Workflow session deleted", 409
    remedy = "Restore the session first, or name another one."


class EngineNotFound(RmosError):
    """No feasibility engine has this id."""

    code, title, status = "ENGINE_NOT_FOUND", "Engine not found", 404
    remedy = "Name an engine that this service has, or none to use the default."


class AttachmentNotFound(RmosError):
    """No attachment has this digest, or the run does not name it."""

    code, title, status = "ATTACHMENT_NOT_FOUND", "Attachment not found", 404
    remedy = "Compare the digest with those that the run's attachments name."


class RuleNotFound(RmosError):
    """No engine of this service has a rule with this id."""

    code, title, status = "RULE_NOT_FOUND", "Rule not found", 404
    remedy = "Compare the id with those that the list of rules gives; ids are written in capitals."


# Who may


class HardDeleteDisabled(RmosError):
    """This installation erases nothing."""

    code, title, status = "HARD_DELETE_DISABLED", "Hard delete disabled", 403
    remedy = "Delete softly, or have an operator set RMOS_DELETE_ALLOW_HARD and restart."


class RedOverrideDisabled(RmosError):
    """This installation overrides no RED."""

    code, title, status = "RED_OVERRIDE_DISABLED", "RED override disabled", 403
    remedy = "Change the cut; or have whoever runs the service set RMOS_ALLOW_RED_OVERRIDE and restart."


class RateLimited(RmosError):
    """The caller has tried this too often within the window; `Retry-After` says when to try again."""

    code, title, status = "RATE_LIMITED", "Too many attempts", 429
    remedy = "Wait for as many seconds as Retry-After says."


# What collides


class RunExists(RmosError):
    """Another run has this id already; nothing was changed."""

    code, title, status = "RUN_EXISTS", "Run exists", 409
    remedy = "Nothing; the run that stands there is whole."


class VersionConflict(RmosError):
    """The record has moved on since the caller read it."""

    code, title, status = "VERSION_CONFLICT", "Version conflict", 409
    remedy = "Read the record again and decide whether the change is still wanted."


class SessionHasRuns(RmosError):
    """The session has runs, and its deletion was not forced; `linked_runs` says how many."""

    code, title, status = "SESSION_HAS_RUNS", "Workflow session has runs", 409
    remedy = "Keep the session, or delete it with force=true; its runs stay, and cascade=true marks them too."


class TransitionBlocked(RmosError):
    """The state of the session does not allow this; the detail says what it allows."""

    code, title, status = "TRANSITION_BLOCKED", "Transition blocked", 409
    remedy = "Read the session again; `next_step` says what its state allows."


class ExplanationFailed(RmosError):
    """The model that was to explain a run gave no answer that can be used; the run says so."""

    code, title, status = "EXPLANATION_FAILED", "Explanation failed", 502
    remedy = "Suggest again, give a text of your own, or take RMOS_EXPLANATION_URL away to explain by rules."


class VariantBlocked(RmosError):
    """Something speaks against promoting the variant; `blocked_by` says what."""

    code, title, status = "VARIANT_BLOCKED", "Variant is not promoted", 409
    remedy = "Undo a rejection, have the cut judged OK, or promote another drawing, as `blocked_by` suggests."


class ApprovalBlocked(RmosError):
    """What stands before an approval, or before toolpaths, does not hold; the attempt was recorded as `run_id`."""

    code, title, status = "APPROVAL_BLOCKED", "Approval blocked", 409
    remedy = "Request the feasibility again, revise the design, or have the run overridden."


class NotBlocked(RmosError):
    """There is nothing in the run's decision that this scope could override."""

    code, title, status = "NOT_BLOCKED", "Nothing to override", 409
    remedy = "Look at the run's decision: GREEN needs no override, and of ERROR nobody knows what it would allow."


class AlreadyOverridden(RmosError):
    """The same caller has asked for this override already, or one is in force."""

    code, title, status = "ALREADY_OVERRIDDEN", "Already overridden", 409
    remedy = "Read `overrides` of the run; for RED a second person, an admin, has to agree."


# The state of the store


class RecordDamaged(RmosError):
    """A stored record does not vouch for itself; it is never served."""

    code, title, status = "RECORD_DAMAGED", "Record damaged", 500
    remedy = "Tell an operator: `flask rmos verify` says what is wrong, `flask rmos repair` moves it aside."


class IndexRebuilding(RmosError):
    """The index is not complete, so no list can be answered in full."""

    code, title, status = "INDEX_REBUILDING", "Index is being rebuilt", 503
    remedy = "Wait as long as Retry-After says and ask again; runs can be recorded and read by id meanwhile."


class IndexBroken(RmosError):
    """The index cannot be read; it is replaced and filled again from the record."""

    code, title, status = "INDEX_REBUILDING", "Index is being rebuilt", 503
    remedy = "Wait as long as Retry-After says and ask again; runs can be recorded and read by id meanwhile."


class IndexUnavailable(RmosError):
    """The index did not answer in time or cannot be written just now; the record is not touched by that."""

    code, title, status = "INDEX_UNAVAILABLE", "Index not available", 503
    remedy = "Ask again in a moment; when it stays like this, look at the disk and at who holds the index."


class StoreReadOnly(RmosError):
    """The store takes no writes: the disk reported an error, or the folder is read-only."""

    code, title, status = "STORE_READ_ONLY", "Store is read-only", 503
    remedy = "Look at the disk and the log; after a disk error the service takes writes again when it is restarted."


class StorageFailed(RmosError):
    """The disk failed to take or give an object; nothing was acknowledged."""

    code, title, status = "STORAGE_FAILED", "Storage failed", 503
    remedy = "Send the request again; when it stays like this, look at the disk and the log."


class OutOfSpace(RmosError):
    """The disk is full; nothing was acknowledged."""

    code, title, status = "OUT_OF_SPACE", "Out of space", 507
    remedy = "Make room on the disk and send the request again."


class NoStore(RmosError):
    """There is no store in this place."""

    code, title, status, exit_code = "NO_STORE", "No store", 503, 10
    remedy = "Mount the disk, or let RMOS_RUNS_DIR name the right folder."


class StoreLocked(RmosError):
    """Another process is rebuilding or repairing the index."""

    code, title, status, exit_code = "STORE_LOCKED", "Store locked", 503, 11
    remedy = "Wait until the other command has ended."


class StoreUnusable(RmosError):
    """The filesystem or the format of the store cannot be used by this release."""

    code, title, status, exit_code = "STORE_UNUSABLE", "Store unusable", 503, 1
    remedy = "Let RMOS_RUNS_DIR name a folder on a disk that has hard links, in a format that this release knows."


# Moving in and out


class SourceUnreadable(RmosError):
    """What is to be moved in is not there or is not what it should be; nothing was done."""

    code, title, status, exit_code = "SOURCE_UNREADABLE", "Source unreadable", 422, 10
    remedy = "Name the right file or folder, or restore it from a back-up."


class CannotMove(RmosError):
    """A record that is no run, or whose time or id cannot be kept; it stays where it is."""

    code, title, status = "CANNOT_MOVE", "Record cannot be moved", 422
    remedy = "Mend the record in the file that was set aside and migrate from that file."


class ImportRefused(RmosError):
    """A file of another store that is not taken in; an audit record says which and why."""

    code, title, status = "IMPORT_REFUSED", "Import refused", 422
    remedy = "Look at the file where it stands; what does not vouch for itself is not taken in."


# The set-up


class ConfigError(RmosError):
    """A setting has a value that cannot be used; the message names it."""

    code, title, exit_code = "CONFIG_ERROR", "Bad configuration", 2
    remedy = "Correct the setting that the message names, and start again."


class ProviderFailed(RmosError):
    """A language model did not read a prompt; the built-in interpreter reads it then."""

    code, title, status = "PROVIDER_FAILED", "Language model failed", 502
    remedy = "Nothing has to be done; look after the provider that the settings `RMOS_ROSETTE_…` name."


class ExtraMissing(RmosError):
    """What was asked for needs an optional package that is not installed; the message names the extra."""

    code, title, status, exit_code = "EXTRA_MISSING", "Extra not installed", 501, 2
    remedy = "Install the extra that `detail` names, or ask for what needs none."


class PluginError(RmosError):
    """An engine plug-in cannot be used; the message names it."""

    code, title, exit_code = "PLUGIN_ERROR", "Broken plug-in", 2
    remedy = "Mend or remove the plug-in that the message names, and start again."


# Below the store: raised by the object backends, always caught by the store


class ObjectMissing(RmosError):
    """There is no object under this key."""

    remedy = "Nothing; it never leaves the store."


class ObjectExists(RmosError):
    """There is an object under this key with other bytes; nothing was changed."""

    code, title, status = "OBJECT_EXISTS", "Object exists", 409
    remedy = "Nothing; what stands there is whole."


class ObjectUnreadable(RmosError):
    """What stands under this key cannot be read as an object: not a regular file, too large, no permission."""

    remedy = "Nothing; it never leaves the store."


def every_error() -> Iterator[type[RmosError]]:
    """Yield each class of the tree, the base first."""
    todo: list[type[RmosError]] = [RmosError]
    while todo:
        kind = todo.pop(0)
        yield kind
        todo += kind.__subclasses__()
