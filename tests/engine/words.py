"""Random JSON that looks like what people write."""

from typing import Any

from hypothesis import strategies as st


def json_of(words: str) -> st.SearchStrategy[Any]:
    """Draw JSON whose keys and texts are these words, mostly."""
    word = st.sampled_from(words.split())
    return st.recursive(
        st.none() | st.booleans() | st.integers(-1, 3) | word | st.just("${x}"),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=5)
        ),
        max_leaves=20,
    )
