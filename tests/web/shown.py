"""What a page shows: its words, and the fields of a form as the page filled them in."""

from selectolax.lexbor import LexborHTMLParser


def text_of(tree: LexborHTMLParser, selector: str = "main") -> str:
    found = tree.css_first(selector)
    assert found is not None, selector
    return " ".join(found.text(separator=" ").split())


def form_of(tree: LexborHTMLParser, path: str) -> dict[str, str]:
    """Of the form that is sent to this path. Of several fields of one name the last."""
    [form] = [one for one in tree.css("form") if one.attributes.get("action") == path]
    inputs = [one for one in form.css("input[name]") if one.attributes.get("type") not in ("radio", "checkbox", "file")]
    inputs += form.css("input[checked]")
    fields = {one.attributes["name"] or "": one.attributes.get("value") or "" for one in inputs}
    for select in form.css("select"):
        chosen = select.css_first("option[selected]") or select.css_first("option")
        assert chosen is not None
        fields[select.attributes["name"] or ""] = chosen.attributes.get("value") or ""
    return fields | {one.attributes["name"] or "": one.text().strip("\n") for one in form.css("textarea")}
