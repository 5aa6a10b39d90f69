import pytest

from headwater.redaction import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    (
        ("https://user:pw@node.example:8545/v3/KEY?a=b", "https://node.example:8545"),
        ("at http://127.0.0.1:8545/KEY, and wss://KEY@x.org", "at http://127.0.0.1:8545, and wss://x.org"),
        ("url='https://a.org/KEY' (https://b.org/KEY)", "url='https://a.org' (https://b.org)"),
        ("https://KEY@[::1]:80/x", "https://[::1]:80"),
        ("https://user:p@ss@host/x", "https://host"),
        ("https://a.org/x, https://user:p@ss@w@host:1/x@y", "https://a.org, https://host:1"),
        ("password=hunter2 and token: hunter3", "password=*** and token: ***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("{'private_key': '0x42'}", "{'private_key': ***"),
        ("transaction 0x" + "ab" * 32, "transaction 0x" + "ab" * 32),
        ("nothing to hide", "nothing to hide"),
    ),
)
def test_redact__cuts_urls_to_the_host_and_hides_what_is_called_a_secret(text, shown):
    assert redact(text) == shown
