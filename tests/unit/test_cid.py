"""CIDs are those of `ipfs add` under the profile unixfs-v1-2025, computed without IPFS."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import StorageError
from headwater.storage.cid import DAG_PB, RAW, Cid
from headwater.storage.unixfs import CHUNK, WIDTH, DagBuilder, cid_of, cid_of_file, content_size
from headwater.tools import ROOT

EMPTY = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
HELLO = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"  # "hello world"


def keystream(size, seed):
    """The content of Kubo's own test vectors: ChaCha20 of zeros, key sha256(seed), nonce and counter 0."""
    cipher = Cipher(algorithms.ChaCha20(hashlib.sha256(seed.encode()).digest(), bytes(16)), mode=None).encryptor()
    for start in range(0, size, CHUNK):
        yield cipher.update(bytes(min(CHUNK, size - start)))


def cid_of_stream(chunks):
    builder = DagBuilder()
    for chunk in chunks:
        builder.update(chunk)
    return builder.finish()


# Published: test/cli/cid_profiles_test.go of Kubo and the conformance tests of js-ipfs-unixfs, for IPIP-499
@pytest.mark.parametrize(
    ("size", "seed", "expected"),
    (
        (CHUNK, "chunk-v1-seed", "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta"),
        (CHUNK + 1, "chunk-v1-seed", "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64"),
        (WIDTH * CHUNK, "v1-2025-seed", "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm"),
        (WIDTH * CHUNK + 1, "v1-2025-seed", "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe"),
        ((WIDTH + 1) * CHUNK, "v1-2025-seed", "bafybeihmzokxxjqwxjcryerhp5ezpcog2wcawfryb2xm64xiakgm4a5jue"),
    ),
    ids=["one chunk", "one byte more", "1024 chunks", "1024 chunks and a byte", "1025 chunks"],
)
def test_cid__of_kubos_own_vectors__is_kubos(size, seed, expected):
    assert str(cid_of_stream(keystream(size, seed))) == expected


def test_cid__of_small_content__is_its_raw_block():
    assert str(cid_of(b"")) == EMPTY
    assert str(cid_of(b"hello world")) == HELLO
    assert cid_of(b"hello world") == Cid.from_digest(hashlib.sha256(b"hello world").digest())


def test_cid__of_a_file__is_that_of_its_bytes(tmp_path):
    content = b"".join(keystream(CHUNK * 7 // 2, "a file"))
    (tmp_path / "f").write_bytes(content)

    assert (
        cid_of_file(tmp_path / "f")
        == cid_of(content)
        == cid_of_stream(content[i : i + 999_999] for i in range(0, len(content), 999_999))
    )


def test_cid__of_a_missing_file__says_so(tmp_path):
    with pytest.raises(StorageError, match=r"cannot read .*nothing: No such file"):
        cid_of_file(tmp_path / "nothing")


def test_builder__emits_every_block_of_the_dag():
    blocks = {}
    builder = DagBuilder(emit=blocks.__setitem__)
    builder.update(b"".join(keystream(2 * CHUNK + 5, "blocks")))

    root = builder.finish()

    assert sorted(len(block) for cid, block in blocks.items() if cid.is_raw) == [5, CHUNK, CHUNK]
    assert [cid for cid in blocks if not cid.is_raw] == [root]
    assert all(Cid.of_block(cid.codec, block) == cid for cid, block in blocks.items())
    assert content_size(blocks[root]) == 2 * CHUNK + 5


@settings(deadline=None)  # other work may hold the machine
@given(st.sampled_from([RAW, DAG_PB]), st.binary(min_size=32, max_size=32))
def test_cid__as_text_and_as_bytes__reads_back(codec, digest):
    cid = Cid(codec, digest)

    assert Cid.parse(str(cid)) == cid
    assert Cid.from_bytes(bytes(cid)) == cid
    assert bytes(cid) == b"\x01" + bytes([codec]) + b"\x12\x20" + digest


@pytest.mark.parametrize(
    ("text", "reason"),
    (
        ("", "not a CIDv1"),
        ("QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", "not a CIDv1"),
        (HELLO.upper(), "not a CIDv1"),
        (f" {HELLO}", "not a CIDv1"),
        (HELLO[:-1], "not a CIDv1"),
        (HELLO[:-1] + "f", "not the text of its CID"),  # the same bytes, with other padding bits
        (HELLO[:-1] + "1", "not base32"),
        (HELLO[:10] + HELLO[10:].upper(), "not the text of its CID"),
        ("bafkrgiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "not a CIDv1 with sha2-256"),  # sha2-512
        ("bafyreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e", "neither raw"),  # dag-cbor
        ("é" + HELLO[1:], "not a CIDv1"),
        ("b" + "é" * 58, "not base32"),
    ),
)
def test_parse__of_any_other_text__is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        Cid.parse(text)


@pytest.mark.parametrize("digest", (b"", bytes(31), bytes(33)))
def test_cid__with_another_length_of_digest__is_refused(digest):
    with pytest.raises(ValueError, match="32 bytes"):
        Cid.from_digest(digest)


@settings(deadline=None)  # other work may hold the machine
@given(st.binary(max_size=200))
def test_content_size__of_a_strangers_block__is_a_number_or_refused(block):
    try:
        assert content_size(block) >= 0
    except ValueError as error:
        assert "not " in str(error)  # noqa: PT017 (either outcome is fine, any other error is not)


def test_profile_for_a_daemon__is_the_one_computed_here():
    profile = json.loads((ROOT / "ipfs" / "kubo-import.json").read_text())

    assert profile == {
        "CidVersion": 1,
        "HashFunction": "sha2-256",
        "UnixFSChunker": f"size-{CHUNK}",
        "UnixFSRawLeaves": True,
        "UnixFSFileMaxLinks": WIDTH,
    }
