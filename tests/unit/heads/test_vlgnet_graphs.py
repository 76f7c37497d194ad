import pytest
import torch

from vtr.models.heads.base import HeadError
from vtr.models.heads.vlgnet.edge_conv import EdgeConv, SnippetGraphLayer
from vtr.models.heads.vlgnet.graphs import Neighbours, ordering_neighbours, semantic_neighbours
from vtr.models.heads.vlgnet.language import GatedGraphConv, word_adjacency
from vtr.models.heads.vlgnet.matching import CrossAttention, GraphMatching
from vtr.models.heads.vlgnet.syntax import DependencyEdges, WindowedEdges, windowed_arcs


def edges(found: Neighbours, row: int) -> set[tuple[int, int]]:
    """(node, neighbour) of batch row ``row``."""
    index, mask = found.index[row], found.mask[row]
    return {(n, int(index[n, k])) for n in range(index.shape[0]) for k in range(index.shape[1]) if mask[n, k]}


def test_ordering_edges_join_consecutive_real_nodes() -> None:
    mask = torch.tensor([[True, True, True, False], [True, False, False, False]])
    found = ordering_neighbours(mask)
    assert edges(found, 0) == {(0, 1), (1, 0), (1, 2), (2, 1)}
    assert edges(found, 1) == set()


def test_semantic_edges_join_the_most_alike_and_never_padding_or_itself() -> None:
    x = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [0.1, 1.0], [1.0, 0.0]]])
    mask = torch.tensor([[True, True, True, True, False]])
    assert edges(semantic_neighbours(x, mask, 1), 0) == {(0, 2), (2, 0), (1, 3), (3, 1)}


def test_semantic_edges_are_fewer_where_fewer_nodes_are_real() -> None:
    found = semantic_neighbours(torch.randn(1, 3, 4), torch.tensor([[True, True, False]]), 5)
    assert edges(found, 0) == {(0, 1), (1, 0)}


def test_edge_convolution_equals_the_formula() -> None:
    torch.manual_seed(0)
    conv, x = EdgeConv(4), torch.randn(1, 5, 4)
    mask = torch.tensor([[True, True, True, True, False]])
    found = conv(x, semantic_neighbours(x, mask, 2))
    weight = torch.cat([conv.centre.weight, conv.difference.weight], dim=1)
    near = semantic_neighbours(x, mask, 2)
    for i in range(4):
        messages = [
            conv.out(
                torch.nn.functional.gelu(weight @ torch.cat([x[0, i], x[0, j] - x[0, i]]) + conv.centre.bias)
            )
            for n, j in edges(near, 0)
            if n == i
        ]
        torch.testing.assert_close(found[0, i], torch.stack(messages).amax(dim=0))
    assert torch.equal(found[0, 4], torch.zeros(4))


def test_edge_convolution_does_not_depend_on_the_order_of_nodes() -> None:
    torch.manual_seed(0)
    conv, x = EdgeConv(4), torch.randn(1, 6, 4)
    mask = torch.ones(1, 6, dtype=torch.bool)
    order = torch.randperm(6)
    plain = conv(x, semantic_neighbours(x, mask, 3))
    mixed = conv(x[:, order], semantic_neighbours(x[:, order], mask, 3))
    torch.testing.assert_close(mixed, plain[:, order])


def test_ordering_edges_make_the_snippet_layer_see_order() -> None:
    torch.manual_seed(0)
    layer, x = SnippetGraphLayer(4, 2, 0.0), torch.randn(1, 6, 4)
    mask = torch.ones(1, 6, dtype=torch.bool)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    assert not torch.allclose(layer(x[:, order], mask), layer(x, mask)[:, order])


def test_windowed_arcs_leave_direct_neighbours_to_ordering_edges() -> None:
    arcs = windowed_arcs(torch.tensor([[True, True, True, True, False]]), 2)
    assert arcs[0].nonzero().tolist() == [[0, 2], [1, 3], [2, 0], [3, 1]]
    assert torch.equal(WindowedEdges(2).arcs([["a", "b", "c", "d"]], 5), arcs)


class Chain:
    """Every word hangs on the next; the last is the root."""

    def heads(self, words: list[str]) -> list[int]:
        return [min(i + 1, len(words) - 1) for i in range(len(words))]


class Broken:
    def heads(self, words: list[str]) -> list[int]:
        return [9]


def test_dependency_arcs_go_from_word_to_head() -> None:
    found = DependencyEdges(Chain()).arcs([["a", "b", "c"], ["d"]], 3)
    assert found.nonzero().tolist() == [[0, 0, 1], [0, 1, 2]]


def test_a_parse_that_does_not_fit_is_refused() -> None:
    with pytest.raises(HeadError, match="sentence 0"):
        DependencyEdges(Broken()).arcs([["a", "b"]], 2)


def test_word_adjacency_by_kind() -> None:
    mask = torch.tensor([[True, True, False]])
    arcs = torch.zeros(1, 3, 3, dtype=torch.bool)
    arcs[0, 0, 1] = arcs[0, 1, 2] = True
    itself, previous, following, head, dependent = word_adjacency(mask, arcs)[0]
    assert itself.nonzero().tolist() == [[0, 0], [1, 1]]
    assert previous.nonzero().tolist() == [[1, 0]]
    assert following.nonzero().tolist() == [[0, 1]]
    assert head.nonzero().tolist() == [[0, 1]]
    assert dependent.nonzero().tolist() == [[1, 0]]


def test_gated_graph_convolution_equals_a_slow_sum() -> None:
    torch.manual_seed(0)
    layer, h = GatedGraphConv(3, 0.0), torch.randn(1, 4, 3)
    mask = torch.ones(1, 4, dtype=torch.bool)
    adjacency = word_adjacency(mask, windowed_arcs(mask, 3))
    found = layer(h, adjacency)
    for i in range(4):
        total, degree = torch.zeros(3), 0
        for kind in range(5):
            for j in range(4):
                if adjacency[0, kind, i, j]:
                    message = layer.messages(h[0, j])[kind * 3 : kind * 3 + 3]
                    total, degree = total + torch.sigmoid(layer.gates(h[0, j])[kind]) * message, degree + 1
        torch.testing.assert_close(found[0, i], layer.norm(h[0, i] + torch.relu(total / degree)))


def test_matching_attends_to_real_words_alone_and_in_any_order() -> None:
    torch.manual_seed(0)
    attention = CrossAttention(4)
    x, words = torch.randn(1, 3, 4), torch.randn(1, 5, 4)
    mask = torch.tensor([[True, True, False, True, False]])
    out, weights = attention(x, words, mask)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 3))
    assert torch.equal(weights[..., ~mask[0]], torch.zeros(1, 3, 2))
    order = torch.randperm(5)
    again, _ = attention(x, words[:, order], mask[:, order])
    torch.testing.assert_close(again, out)


def test_matching_tells_both_sides_of_each_other() -> None:
    torch.manual_seed(0)
    layer = GraphMatching(4, 2, 0.0)
    video, words = torch.randn(1, 4, 4), torch.randn(1, 3, 4)
    full = torch.ones(1, 4, dtype=torch.bool), torch.ones(1, 3, dtype=torch.bool)
    base = layer(video, full[0], words, full[1])
    other_words = layer(video, full[0], torch.randn(1, 3, 4), full[1])
    other_video = layer(torch.randn(1, 4, 4), full[0], words, full[1])
    assert not torch.allclose(base[0], other_words[0])
    assert not torch.allclose(base[1], other_video[1])
