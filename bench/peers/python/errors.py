"""What EnOS's result codes and HTTP statuses mean in gRPC."""

from grpc import StatusCode


class CallError(Exception):
    """A call's gRPC code and message."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
        self.text = text


_CODES = {
    62101: StatusCode.INVALID_ARGUMENT,
    62102: StatusCode.INVALID_ARGUMENT,
    99400: StatusCode.INVALID_ARGUMENT,
    400: StatusCode.INVALID_ARGUMENT,
    413: StatusCode.INVALID_ARGUMENT,
    62103: StatusCode.PERMISSION_DENIED,
    99403: StatusCode.PERMISSION_DENIED,
    498: StatusCode.PERMISSION_DENIED,
    403: StatusCode.PERMISSION_DENIED,
    62104: StatusCode.FAILED_PRECONDITION,
    62105: StatusCode.FAILED_PRECONDITION,
    99404: StatusCode.NOT_FOUND,
    404: StatusCode.NOT_FOUND,
    405: StatusCode.UNIMPLEMENTED,
    501: StatusCode.UNIMPLEMENTED,
    409: StatusCode.ALREADY_EXISTS,
    415: StatusCode.OUT_OF_RANGE,
    401: StatusCode.UNAUTHENTICATED,
    497: StatusCode.UNAUTHENTICATED,
    1203: StatusCode.UNAUTHENTICATED,
    429: StatusCode.RESOURCE_EXHAUSTED,
    62109: StatusCode.INTERNAL,
    99500: StatusCode.INTERNAL,
    500: StatusCode.INTERNAL,
    504: StatusCode.DEADLINE_EXCEEDED,
}


def code_of(code):
    """The gRPC code for a result code of EnOS or an HTTP status."""
    return _CODES.get(code, StatusCode.UNKNOWN)
