# SPDX-License-Identifier: Apache-2.0
"""The format of the ledger against the published vectors and an independent implementation."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from lims.custody import verifier

LEAVES = [  # the eight leaves of the Certificate Transparency reference tests
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def subtree(leaves: list[bytes]) -> bytes:
    """The root as RFC 6962 section 2.1 defines it, by recursion."""
    if not leaves:
        return verifier.EMPTY_ROOT
    if len(leaves) == 1:
        return verifier.leaf_hash(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return verifier.node_hash(subtree(leaves[:split]), subtree(leaves[split:]))


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """The audit path as RFC 6962 section 2.1.1 defines it."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*inclusion(index, leaves[:split]), subtree(leaves[split:])]
    return [*inclusion(index - split, leaves[split:]), subtree(leaves[:split])]


def consistency(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """The consistency proof as RFC 6962 section 2.1.2 defines it."""
    if old == len(leaves):
        return [] if whole else [subtree(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*consistency(old, leaves[:split], whole), subtree(leaves[split:])]
    return [*consistency(old - split, leaves[split:], False), subtree(leaves[:split])]


def test_the_merkle_tree_gives_the_roots_of_certificate_transparency() -> None:
    tree = verifier.Frontier()
    assert tree.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.append(verifier.leaf_hash(leaf))
        assert tree.root().hex() == root


def test_the_merkle_tree_agrees_with_the_recursive_definition_at_every_size() -> None:
    leaves = [str(number).encode() for number in range(130)]
    tree = verifier.Frontier()
    nodes: dict[tuple[int, int], bytes] = {}
    for size, leaf in enumerate(leaves, 1):
        for level, index, node in tree.append(verifier.leaf_hash(leaf)):
            nodes[level, index] = node
        assert tree.root() == subtree(leaves[:size])
    for (level, index), node in nodes.items():
        assert node == subtree(leaves[index << level : (index + 1) << level])
    assert len(nodes) == sum(130 >> level for level in range(1, 8))
    resumed = verifier.Frontier(tree.size, tree.peaks)
    resumed.append(verifier.leaf_hash(b"more"))
    assert resumed.root() == subtree([*leaves, b"more"])


def test_a_frontier_with_the_wrong_number_of_peaks_is_refused() -> None:
    with pytest.raises(ValueError, match="peaks"):
        verifier.Frontier(3, [bytes(32)])


def test_every_event_of_a_log_can_be_proved_to_be_in_it_and_no_other() -> None:
    leaves = [str(number).encode() for number in range(40)]
    for size in range(1, 41):
        root = subtree(leaves[:size])
        for index in range(size):
            path = inclusion(index, leaves[:size])
            leaf = verifier.leaf_hash(leaves[index])
            assert verifier.check_inclusion(leaf, index, size, path, root)
            assert not verifier.check_inclusion(verifier.leaf_hash(b"x"), index, size, path, root)
            assert not verifier.check_inclusion(leaf, index, size, [*path, root], root)
            assert not path or not verifier.check_inclusion(leaf, index, size, path[:-1], root)
            assert not verifier.check_inclusion(leaf, index + size, size, path, root)
            assert not verifier.check_inclusion(leaf, -1, size, path, root)


def test_a_log_can_be_proved_to_extend_an_older_one_and_no_other() -> None:
    leaves = [str(number).encode() for number in range(40)]
    roots = [subtree(leaves[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(1, new + 1):
            path = consistency(old, leaves[:new])
            assert verifier.check_consistency(old, roots[old], new, roots[new], path)
            assert not verifier.check_consistency(old, bytes(32), new, roots[new], path)
            assert not verifier.check_consistency(old, roots[old], new, bytes(32), path)
            assert not verifier.check_consistency(old, roots[old], new, roots[new], [*path, path])
            if path:
                assert not verifier.check_consistency(old, roots[old], new, roots[new], path[:-1])
    assert not verifier.check_consistency(0, verifier.EMPTY_ROOT, 1, roots[1], [])
    assert not verifier.check_consistency(2, roots[2], 1, roots[1], [])


RFC_8032 = (  # section 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
        "1cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
        "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
        "984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
        "a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c6"
        "6431e0303dca179c138ac17ad9bef1177331a704",
    ),
)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_signatures_of_rfc_8032_verify_and_no_altered_one_does(
    public: str, message: str, signature: str
) -> None:
    key, text, signed = (bytes.fromhex(held) for held in (public, message, signature))
    assert verifier.ed25519_verify(key, text, signed)
    assert not verifier.ed25519_verify(key, text + b"x", signed)
    for position in (0, 31, 32, 63):
        altered = bytearray(signed)
        altered[position] ^= 1
        assert not verifier.ed25519_verify(key, text, bytes(altered))
    assert not verifier.ed25519_verify(key[:-1], text, signed)
    assert not verifier.ed25519_verify(key, text, signed[:-1])


def test_a_signature_whose_scalar_is_not_reduced_is_refused() -> None:
    """RFC 8032 section 5.1.7: S must be below the order, or a second signature could be made."""
    key, text, signed = (bytes.fromhex(held) for held in RFC_8032[0])
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signed[32:], "little") + order
    assert not verifier.ed25519_verify(key, text, signed[:32] + scalar.to_bytes(32, "little"))


def test_bytes_that_are_no_point_of_the_curve_are_no_key() -> None:
    signature = bytes(64)
    for y in (2, 7, 2**255 - 19, 2**255 - 1):
        assert not verifier.ed25519_verify(y.to_bytes(32, "little"), b"", signature)
    assert not verifier.ed25519_verify((1 | 1 << 255).to_bytes(32, "little"), b"", signature)


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_signatures_made_by_the_laboratory_verify_without_any_package(
    seed: bytes, message: bytes
) -> None:
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    public = secret.public_key().public_bytes_raw()
    assert verifier.ed25519_verify(public, message, secret.sign(message))


TEXT = st.text(max_size=12).filter(lambda text: verifier.unicodedata.is_normalized("NFC", text))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-verifier.MAX_INTEGER, verifier.MAX_INTEGER) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=600, deadline=None)
@given(VALUES)
def test_canonical_form_is_byte_identical_to_rfc_8785(value: object) -> None:
    written = verifier.canonical(value)
    assert written == rfc8785.dumps(value)  # type: ignore[arg-type]  # its type is narrower
    assert verifier.read_canonical(written.decode()) == value


@pytest.mark.parametrize(
    "value",
    [1.0, math.nan, 2**53, -(2**53), "e\u0301", {"\u00e9": 1}, {1: 2}, {"a": [0.5]}, b"x", {1, 2}],
)
def test_what_the_ledger_bans_is_refused_when_writing(value: object) -> None:
    with pytest.raises(verifier.Malformed):
        verifier.canonical(value)


def test_half_of_a_surrogate_pair_is_refused_when_writing() -> None:
    with pytest.raises(verifier.Malformed):
        verifier.canonical("\ud800")


@pytest.mark.parametrize(
    "text",
    [
        '{"b":1,"a":2}',
        '{"a": 1}',
        '{"a":1,"a":1}',
        '{"a":1.0}',
        '{"a":1e3}',
        '{"a":-0}',
        '{"a":01}',
        '{"a":NaN}',
        '{"a":9007199254740992}',
        '{"a":' + "9" * 5000 + "}",
        '{"a":"\\u0041"}',
        '{"a":"\\/"}',
        '{"a":"\\ud800"}',
        '{"a":"e\u0301"}',
        '{"\u00e9":1}',
        '{"a":1}\n',
        "{}{}",
        "[" * 60_000,
    ],
)
def test_what_is_not_in_canonical_form_is_refused_when_reading(text: str) -> None:
    with pytest.raises(verifier.Malformed):
        verifier.read_canonical(text)


def test_the_verifier_loads_nothing_but_the_standard_library() -> None:
    path = Path(verifier.__file__)
    program = (
        "import runpy, sys\n"
        "before = set(sys.modules)\n"
        f"runpy.run_path({str(path)!r}, run_name='checked')\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(loaded - sys.stdlib_module_names))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


_scalars = st.sampled_from(
    ["0", "-0", "7", "-7", "07", "1.0", "1e3", "9" * 15, "9" * 16, "9" * 17, "true", "null", "nul",
     '"a"', '"a b"', '":"',
     '",\\"b\\":"', '"\\u0041"', '"\x7f"', '"\t"', '"أ"', '"', "{}", "[]", " 1"]
)  # fmt: skip
_members = st.tuples(
    st.sampled_from(["a", "b", "c_1", "B", "", ":", 'a"', "é", "a b"]),
    st.one_of(_scalars, st.lists(_scalars, max_size=3).map(lambda held: f"[{','.join(held)}]")),
)


@given(st.lists(_members, max_size=4), st.sampled_from(["", "", "", " ", ","]))
@settings(max_examples=200)
def test_data_that_is_called_plain_is_canonical(members: list[tuple[str, str]], more: str) -> None:
    text = "{" + ",".join(f'"{key}":{value}' for key, value in members) + more + "}"
    if verifier._is_plain(text):
        verifier.read_canonical(text)


def test_plain_data_is_told_from_what_only_looks_like_it() -> None:
    plain = ("{}", '{"a":1,"b":["x",":y",-2]}', '{"a":":","b":"{"}', '{"a":[],"b":null}')
    for text in plain:
        assert verifier._is_plain(text), text
        verifier.read_canonical(text)
    for text in ('{"b":1,"a":1}', '{"a":1,"a":1}', '{"a":-0}', '{"a":{}}', '{"a":01}', '{"a":1,}'):
        assert not verifier._is_plain(text), text


def test_many_signatures_of_one_key_are_each_checked_as_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One walk, small tables, the large table of the generator: as the library says."""
    monkeypatch.setattr(verifier, "_uses", {})
    monkeypatch.setattr(verifier, "_MANY", 6)
    secret = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = secret.public_key().public_bytes_raw()
    for number in range(18):
        message = b"%d" % number
        right = secret.sign(message)
        wrong = bytearray(right)
        wrong[number * 3] ^= 1 << number % 8
        assert verifier.ed25519_verify(public, message, right)
        assert not verifier.ed25519_verify(public, message, bytes(wrong))
        assert not verifier.ed25519_verify(public, message + b"x", right)
