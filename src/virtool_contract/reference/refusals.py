"""Every way to say no: a status, and a message of the documentation's where it has one."""

from virtool_contract.reference.bodies import BodyError
from virtool_contract.reference.values import Call, Document, Reply


class Refusals:
    """Replies to requests that are not granted."""

    def refusal(self, call: Call, status: int, name: str, message: str) -> Reply:
        """Return a refusal with a JSON body."""
        return Reply(status=status, content=self.error_document(call, name, self.worded(message)))

    def error_document(self, _call: Call, name: str, message: str) -> Document:
        """Return the body of a refusal."""
        return {"id": name, "message": message}

    def worded(self, message: str) -> str:
        """Return the message as it is spelled in bodies."""
        return message

    def unauthenticated(self, call: Call) -> Reply:
        """No credentials, or wrong ones."""
        reply = self.refusal(call, 401, "unauthorized", "Requires authorization")
        return Reply(
            status=reply.status,
            content=reply.content,
            media_type=reply.media_type,
            headers={"www-authenticate": 'Basic realm="jobs"'},
        )

    def absent(self, call: Call) -> Reply:
        """No analysis has this id."""
        return self.refusal(call, 404, "not_found", "Not found")

    def not_own(self, call: Call) -> Reply:
        """The caller is not the job that runs the analysis."""
        return self.refusal(call, 403, "forbidden", "Insufficient rights")

    def already_finalized(self, call: Call) -> Reply:
        """A finalize comes too late."""
        message = "There is already a result for this analysis"
        return self.refusal(call, 409, "conflict", message)

    def kept(self, call: Call) -> Reply:
        """A removal comes too late."""
        return self.refusal(call, 409, "conflict", "Analysis is finalized")

    def bad_body(self, call: Call, error: BodyError) -> Reply:
        """A finalize body cannot be used."""
        return self.refusal(call, error.status, "invalid_body", str(error))
