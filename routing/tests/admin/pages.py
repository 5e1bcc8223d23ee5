"""The admin's pages, what they say and what stands beside their fields."""

from django.urls import reverse


def page(model, name="changelist", *args):
    return reverse(f"admin:routing_{model._meta.model_name}_{name}", args=args)


def text(response):
    return response.content.decode()


def beside(response, field):
    """What the page says beside a field."""
    return response.context["adminform"].form.errors.get(field, [])


def phrase_form(phrase_list, paste):
    rows = phrase_list.phrases.order_by("phrase_list", "text")[:50]
    form = {"paste": paste, "phrases-TOTAL_FORMS": len(rows), "phrases-INITIAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        form |= {f"phrases-{number}-{name}": getattr(row, name) for name in ("id", "text", "weight")}
        form[f"phrases-{number}-phrase_list"] = phrase_list.pk
    return form
