"""Names, descriptions and columns come from strangers: whatever they hold is shown as text, and runs nowhere."""

import json

import pytest
from playwright.sync_api import expect

from headwater.protocol import documents
from tests.support.catalogue import learner_of, manifest_of
from tests.support.site import PATIENCE, honest

MARKUP = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
LONG = "W" * 200
TURNED = "\u202edlrow olleh"


@pytest.mark.parametrize("name", (MARKUP, LONG), ids=("markup", "long"))
def test_manifest__of_a_stranger__is_text__and_fits_a_phone(workshop, visitor, gateway, name):
    task_id = workshop.publish(name, description=f"{name}\n{name}", columns=(name[:100], "weight"))
    guest = visitor(viewport={"width": 360, "height": 740})

    guest.visit(f"/task/{task_id}", of=workshop, gateways=[gateway(honest(workshop.store))])

    expect(guest.page.get_by_role("heading", level=1)).to_have_text(name, timeout=PATIENCE)
    assert guest.page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    assert guest.page.title().startswith(name)
    assert guest.overflow() <= 0
    guest.go(f"/task/{task_id}/model/0")
    guest.sees("Fill in the means")
    assert guest.overflow() <= 0
    assert guest.violations() == []


def test_manifest__that_is_none__is_said_to_be_broken__and_the_rest_stands(workshop, visitor, gateway):
    lie = b'{"name": "' + MARKUP.replace('"', "'").encode() + b'"}'
    task_id = workshop.publish("no manifest", manifest=lie)
    guest = visitor()

    guest.visit(f"/task/{task_id}", of=workshop, gateways=[gateway(honest(workshop.store))])

    guest.sees("The document is not what it should be")
    guest.sees("Where it is")


@pytest.mark.parametrize("place", ("name", "description", "key"))
def test_manifest__with_text_that_turns_around__is_refused__and_its_text_not_turned(workshop, visitor, gateway, place):
    """Else `evil\u202egpj.exe` reads as another name."""
    told = json.loads(manifest_of("flowers", "", learner_of(("size", "weight"))).encode())
    told |= {TURNED: 1} if place == "key" else {place: TURNED}
    task_id = workshop.publish("turned", manifest=documents.encode(told))
    guest = visitor()

    guest.visit(f"/task/{task_id}", of=workshop, gateways=[gateway(honest(workshop.store))])

    guest.sees("The document is not what it should be")
    guest.sees("<U+202E>")
    assert "\u202e" not in guest.page.content()


def test_page__of_a_text_that_nothing_has_refused__shows_it_by_its_codes(visitor):
    """Every element of the page is made by `h`, and so is every text that people read of it."""
    guest = visitor()
    guest.visit("/settings")

    made = guest.page.evaluate(
        """async (text) => {
            const { h } = await import(new URL('dom.js', document.baseURI));
            const made = h('p', { title: text, 'aria-label': text }, text, [text]);
            return [made.title, made.ariaLabel, made.textContent];
        }""",
        "a\u202eb\n\u200b",
    )

    shown = "a<U+202E>b\n<U+200B>"
    assert made == [shown, shown, 2 * shown]


def test_policy__of_the_page__lets_no_script_in_and_no_markup_be_made(visitor, host):
    guest = visitor()
    guest.visit("/settings")

    made = guest.page.evaluate(
        """() => {
            try { document.body.innerHTML = '<b>taken</b>'; } catch { /* as it should be */ }
            const script = document.createElement('script');
            try { script.textContent = "document.title = 'taken'"; document.head.append(script); } catch { /* too */ }
            return document.body.children.length === 1;
        }"""
    )

    assert made is False
    assert guest.page.title() != "taken"
    guest.faults.clear()  # the policy has told of what it refused, and that is what was tried here


def test_policy__of_the_page__lets_nothing_out_but_to_nodes_and_gateways(visitor):
    guest = visitor()
    guest.visit("/settings")

    refused = guest.page.evaluate(
        """async () => {
            const refused = [];
            document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
            await fetch('http://192.0.2.1/').catch(() => {});
            const image = new Image();
            image.src = 'http://127.0.0.1:1/leak.png';
            const form = document.createElement('form');
            form.action = 'http://127.0.0.1:1/leak';
            document.body.append(form);
            form.submit();
            await new Promise((resolve) => setTimeout(resolve, 500));
            return refused;
        }"""
    )

    assert {"connect-src", "img-src", "form-action"} <= set(refused)
    guest.faults.clear()
    guest.asked = [url for url in guest.asked if "192.0.2.1" not in url]
