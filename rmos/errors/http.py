"""What the web server and the framework refuse before a route is reached.

    raise UriTooLong("The URL is longer than 8190 bytes.")

Both speak HTML of their own; these classes give their refusals the shape that all others have.
"""

from rmos.errors.base import RmosError


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
