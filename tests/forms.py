"""A page's forms, read and filled in as a browser does."""

from html.parser import HTMLParser


class _Forms(HTMLParser):
    """The values of every form of a page; beside them its action and its buttons."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms = []
        self._within = None  # name of the textarea that is open
        self._select = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.forms.append(({}, {"action": given.get("action", "")}))
        if not self.forms or "disabled" in given:
            return
        fields, buttons = self.forms[-1]
        name = given.get("name", "")
        if tag == "button" or (tag == "input" and given.get("type") == "submit"):
            buttons[name] = given.get("value", "")
        elif tag == "textarea":
            self._within, fields[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            fields[self._select] = given.get("value", "")
        elif tag == "input" and name and is_sent(given):
            fields[name] = given.get("value", "on" if given.get("type") == "checkbox" else "")

    def handle_data(self, data):
        if self._within is not None:
            self.forms[-1][0][self._within] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self._within is not None:
            fields = self.forms[-1][0]
            typed = fields[self._within].removeprefix("\n")  # the one that follows the tag is no part of the text
            fields[self._within] = "\r\n".join(typed.splitlines()) + "\r\n" * typed.endswith("\n")
            self._within = None


def is_sent(given):
    kind = given.get("type", "text")
    return kind not in ("file", "button", "reset") and (kind not in ("checkbox", "radio") or "checked" in given)


def sent_by(response, button=None, *, action=None, **typed):
    """What a browser posts when this button is pressed in the form that has it, with these fields filled in.

    Without a name of a button, the first form that leads to `action` and has the fields is sent.
    """
    page = _Forms()
    page.feed(response.content.decode())
    for fields, buttons in page.forms:
        is_meant = action in (None, buttons["action"]) and typed.keys() <= fields.keys()
        if is_meant and (button is None or button in buttons):
            pressed = {button: buttons[button]} if button else {}
            return {**fields, **typed, **pressed}
    raise AssertionError(f"The page has no form with {button or [*typed]}.")
