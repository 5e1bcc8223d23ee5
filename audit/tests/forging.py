"""What someone could do who holds both the database and the key."""

from audit import chain
from audit.models import Attempt, Outcome, Refusal, RoutingDecision, Writer
from audit.verification.links import links


def forge(writer: Writer) -> None:
    """Make every code of the writer anew, over what the tables hold now."""
    head = chain.start(writer.uuid)
    for link in links({writer.pk: (1, writer.sequence)}):
        head = chain.link(head, link.sequence, link.content)
        for model in (RoutingDecision, Attempt, Outcome, Refusal):
            model.objects.filter(writer_id=writer.pk, sequence=link.sequence).update(mac=head)
    writer.head = head
    writer.seal = chain.seal(writer.uuid, writer.sequence, head, writer.voided, writer.follows)
    writer.save()
