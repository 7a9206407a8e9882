"""The attention recommender of the chain: a causal self-attention model with W_t = M_A(A_t, G_t) and R_t = W_t G_t.

Source: Kang & McAuley 2018, "Self-Attentive Sequential Recommendation", arXiv:1808.09781. Departs from it in the loss
(softmax over all items), in the events (kind, dwell, gap and surface beside the item), in what the
moment of the request adds, and in the term of the generated content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from affectlens.models.layers import StateDropout
from affectlens.models.recommender.two_tower import TwoTower, TwoTowerParams
from affectlens.params import Params

# Shapes: B windows, T positions, P positions that ask, N items, D width, K generated vectors, G content width, M match.

_FAINT = 0.1  # share of a random start that is left beside a given one, so that no two items are equal


class AttentionParams(Params):
    """Size and form of the attention recommender."""

    width: int = Field(ge=2, description="D, a multiple of n_heads")
    n_blocks: int = Field(ge=1)
    n_heads: int = Field(ge=1)
    expansion: int = Field(ge=1, description="width of the feed-forward layers in multiples of D")
    dropout: float = Field(ge=0, lt=1)
    item_dropout: float = Field(ge=0, lt=1, description="share of item ids hidden in training where content is known")
    item_start: Literal["random", "spectral"] = Field(
        description="item embeddings before training; spectral: directions in which training users consumed together"
    )
    similarity: Literal["cosine", "dot"] = Field(description="between the behaviour state and the items")
    temperature: float = Field(gt=0, description="divides the similarity")
    max_length: int = Field(ge=2, description="positions read at once")
    overlap: int = Field(ge=1, description="positions that a window of a long history shares with the one before")
    n_dwell_buckets: int = Field(ge=2)
    n_gap_buckets: int = Field(ge=2)
    n_age_buckets: int = Field(ge=2, description="ages of an item at the request, each bucket twice as wide")
    age_unit_hours: int = Field(ge=1, description="width of the first of them")
    heat_half_life_days: float = Field(gt=0, description="age at which what others consumed counts half")
    heat_floor: float = Field(gt=0, description="heat of an item that nobody consumed")
    match_width: int = Field(ge=1, description="M, rows of V in <V R_t, V g_i>")


class Events(NamedTuple):
    """A_t as the model reads it: B windows of T positions, zeros behind their end, each (B, T).

    Attributes:
        token: 0 padding, item + 1, or N + 1 for the start of a history.
        kind: what was done.
        dwell: bucket of the attention that it got.
        gap: bucket of the time since the event before.
        surface: where it took place; 0 unknown.
    """

    token: Tensor
    kind: Tensor
    dwell: Tensor
    gap: Tensor
    surface: Tensor

    def to(self, device: torch.device) -> Events:
        """The same on a device."""
        return Events(*(column.to(device) for column in self))


class Asked(NamedTuple):
    """Items whose outcomes are asked for at P positions.

    Attributes:
        item: (P,) the item that follows.
        rates: (P, r) how often each outcome came about before, with the item and the user (`outcomes.Told`).
    """

    item: Tensor
    rates: Tensor

    def to(self, device: torch.device) -> Asked:
        """The same on a device."""
        return Asked(self.item.to(device), self.rates.to(device))


class FeedMoment(NamedTuple):
    """What the moment of P requests adds to the scores of N items: by_age_p(age of i) + warmth_p log heat_pi.

    Attributes:
        by_age: (P, buckets) score of each age; minus infinity in the first, of items to come, where they are hidden.
        warmth: (P, 1) weight of the heat.
        hour: (P,) of the requests.
        created: (N,) hours of the items.
        bucket_of: (A,) bucket of each age in hours from -1 on; older is as old as the last.
        heat: (P, N) how much of each item was consumed lately.
        heat_floor: heat of an item that nobody consumed.
    """

    by_age: Tensor
    warmth: Tensor
    hour: Tensor
    created: Tensor
    bucket_of: Tensor
    heat: Tensor
    heat_floor: float

    def read(self, rows: slice, items: slice) -> tuple[Tensor, Tensor]:
        """Buckets of age, and the logarithm of heat, of some requests and items."""
        age = self.hour[rows, None] - self.created[None, items]
        place = age.clamp_(-1, len(self.bucket_of) - 2).add_(1)
        bucket = self.bucket_of.index_select(0, place.flatten()).view(place.shape)
        return bucket, torch.log(self.heat[rows, items] + self.heat_floor)

    @property
    def scores(self) -> Tensor:
        """What is added to every score (P, N)."""
        bucket, log_heat = self.read(slice(None), slice(None))
        return self.by_age.gather(1, bucket) + self.warmth * log_heat


class RecommenderOutput(NamedTuple):
    """What the model says at P positions, of N items or of the classes of the softmax only.

    Attributes:
        states: (P, M) what asks.
        items: (N, M) what answers.
        moment: what the moment of the request adds; None where times are not known.
        weights: W_t (P, K), non-negative, sum 1; None where there is no generated content.
        vectors: R_t (P, G), the weighted sum of the generated vectors; None likewise.
        outcomes: log-odds (P, T) of what is done with the item that follows; None where nobody asks.
    """

    states: Tensor
    items: Tensor
    moment: FeedMoment | None
    weights: Tensor | None
    vectors: Tensor | None
    outcomes: Tensor | None = None

    @property
    def logits(self) -> Tensor:
        """Scores (P, N). The loss does without them where it can: they are the largest array there is."""
        matched = self.states @ self.items.T
        return matched if self.moment is None else matched + self.moment.scores


class CausalBlock(nn.Module):
    """Self-attention over the past and a feed-forward layer, each behind a layer norm and beside a residual path."""

    def __init__(self, width: int, n_heads: int, expansion: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, self.dropout = n_heads, dropout
        self.attention_norm, self.forward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, expansion * width), nn.Linear(expansion * width, width)
        self.drop = StateDropout(dropout)

    def forward(self, states: Tensor) -> Tensor:
        """States (B, T, D) to states (B, T, D). Padding stands at the end, so the causal mask hides it, too."""
        parts = self.query_key_value(self.attention_norm(states)).chunk(3, dim=2)
        query, key, value = (part.unflatten(2, (self.n_heads, -1)).transpose(1, 2) for part in parts)
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=True)
        states = states + self.drop(self.merge(mixed.transpose(1, 2).flatten(2)))  # (B, T, D)
        expanded = self.drop(functional.gelu(self.expand(self.forward_norm(states))))
        changed: Tensor = states + self.drop(self.contract(expanded))
        return changed

    def weights(self, states: Tensor) -> Tensor:
        """How much each position looks at itself and those before it, mean of the heads, (B, T, T)."""
        query, key, _ = self.query_key_value(self.attention_norm(states)).chunk(3, dim=2)
        query, key = (part.unflatten(2, (self.n_heads, -1)).transpose(1, 2) for part in (query, key))
        scores = query @ key.mT / key.shape[3] ** 0.5  # (B, heads, T, T)
        is_later = torch.ones(scores.shape[2:], dtype=torch.bool, device=states.device).triu(1)
        return torch.softmax(scores.masked_fill(is_later, -torch.inf), dim=3).mean(dim=1)


class GeneratedAttention(nn.Module):
    """W_t = softmax_k(q(h_t) . k(g_k) / sqrt(D)), R_t = sum_k W_tk g_k, and V that matches R_t with items."""

    def __init__(self, width: int, content_width: int, match_width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(content_width, width, bias=False)
        self.match = nn.Linear(content_width, match_width, bias=False)
        nn.init.normal_(self.match.weight, std=(content_width * match_width) ** -0.5)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, states: Tensor, generated: Tensor) -> tuple[Tensor, Tensor]:
        """States (P, D) and G_t (P, K, G) to W_t (P, K) and R_t (P, G)."""
        agreement = (self.key(generated) * self.query(states)[:, None, :]).sum(dim=2)  # (P, K)
        weights = torch.softmax(agreement / states.shape[1] ** 0.5, dim=1)
        return weights, torch.bmm(weights[:, None, :], generated).squeeze(1)


class FeedState(nn.Module):
    """What the moment of the request adds to an item's score: <h_t, age_i(t)> + (<h_t, u> + b) log heat_i(t).

    It starts as b = 1 and nothing else: the more was consumed lately, the likelier.
    """

    edges: Tensor
    bucket_of: Tensor

    def __init__(self, width: int, n_age_buckets: int, age_unit_hours: int, heat_floor: float) -> None:
        super().__init__()
        self.heat_floor = heat_floor
        self.age = nn.Parameter(torch.zeros(n_age_buckets, width))
        self.heat = nn.Linear(width, 1)
        nn.init.zeros_(self.heat.weight)
        nn.init.ones_(self.heat.bias)
        edges = torch.tensor([0, *(age_unit_hours * 2**step for step in range(n_age_buckets - 1))])
        ages = torch.arange(-1, int(edges[-1]) + 1)
        self.register_buffer("edges", edges.int(), persistent=False)
        self.register_buffer("bucket_of", torch.bucketize(ages, edges, right=True), persistent=False)

    def forward(self, states: Tensor, hour: Tensor, created: Tensor, heat: Tensor, hides_future: bool) -> FeedMoment:
        """States (P, D), hours (P,), hours of creation (N,) and heat (P, N) to what the moment adds."""
        scores = states @ self.age.T  # (P, buckets)
        future = torch.full_like(scores[:, :1], -torch.inf) if hides_future else scores[:, :1]
        by_age = torch.cat([future, scores], dim=1)
        return FeedMoment(by_age, self.heat(states), hour, created, self.bucket_of, heat, self.heat_floor)


class AttentionRecommender(nn.Module):
    """Ranks all items by the behaviour state h_t and, where content is generated, by R_t.

    score(i) = sim(h_t, item_i) / temperature + scale <V R_t, V g_i>, where item_i is an id embedding plus the projected
    content vector; where times are known, `FeedState` adds what the moment of the request says.
    """

    content: Tensor
    is_known: Tensor
    is_class: Tensor
    created: Tensor

    def __init__(
        self,
        params: AttentionParams,
        *,
        n_items: int,
        n_kinds: int,
        n_surfaces: int,
        content_width: int,
        uses_generated: bool,
        uses_time: bool,
        outcomes: TwoTowerParams | None = None,
        n_outcomes: int = 0,
        n_rates: int = 0,
    ) -> None:
        super().__init__()
        self.params, width = params, params.width
        self.item = nn.Embedding(n_items, width)
        self.start = nn.Parameter(torch.empty(width))
        self.kind = nn.Embedding(n_kinds + 1, width)
        self.dwell = nn.Embedding(params.n_dwell_buckets, width)
        self.gap = nn.Embedding(params.n_gap_buckets, width)
        self.surface = nn.Parameter(torch.zeros(n_surfaces + 1, width)) if n_surfaces else None
        self.position = nn.Embedding(params.max_length, width)
        self.project = nn.Linear(content_width, width, bias=False) if content_width else None
        self.drop = StateDropout(params.dropout)
        blocks = (CausalBlock(width, params.n_heads, params.expansion, params.dropout) for _ in range(params.n_blocks))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)
        self.generated = GeneratedAttention(width, content_width, params.match_width) if uses_generated else None
        feed = params.n_age_buckets, params.age_unit_hours, params.heat_floor
        self.feed = FeedState(width, *feed) if uses_time else None
        self.register_buffer("content", torch.zeros(n_items, content_width))
        self.register_buffer("is_known", torch.ones(n_items, dtype=torch.bool))
        self.register_buffer("is_class", torch.ones(n_items, dtype=torch.bool))
        self.register_buffer("created", torch.zeros(n_items, dtype=torch.int32))
        for table in (self.item.weight, self.start, self.kind.weight, self.dwell.weight, self.gap.weight):
            nn.init.normal_(table, std=width**-0.5)
        nn.init.normal_(self.position.weight, std=width**-0.5)
        towers = [(n_rates, 1), (width, width), *[(content_width, content_width)] * uses_generated]
        self.outcomes = None if outcomes is None else TwoTower(outcomes, towers, n_outcomes)

    @torch.no_grad()
    def start_from(self, vectors: Tensor) -> None:
        """Begin as the neighbourhood model of item vectors (N, D): the state is the newest item, all else is faint.

        Every residual path is closed and opens in training (Zhang et al. 2019, "Fixup Initialization",
        arXiv:1901.09321).
        """
        self.item.weight.mul_(_FAINT).add_(vectors)
        for faint in (self.start, self.kind.weight, self.dwell.weight, self.gap.weight, self.position.weight):
            faint.mul_(_FAINT)
        if self.project is not None:
            nn.init.zeros_(self.project.weight)
        for block in self.blocks:
            assert isinstance(block, CausalBlock)
            nn.init.zeros_(block.merge.weight)
            nn.init.zeros_(block.contract.weight)

    def classes(self) -> Tensor:
        """Items (classes,) of the training softmax, the oldest first."""
        places = self.is_class.nonzero().squeeze(1)
        return places[torch.argsort(self.created[places], stable=True)]

    def items(self) -> Tensor:
        """Item vectors (N, D). The id of an item without a training event says nothing and is left out."""
        kept = self.is_known
        if self.project is None:
            return self.item.weight * kept[:, None]
        if self.training and self.params.item_dropout > 0:
            kept = kept & (torch.rand(kept.shape, device=kept.device) >= self.params.item_dropout)
        vectors: Tensor = self.item.weight * kept[:, None] + self.project(self.content)
        return vectors

    def states(self, items: Tensor, events: Events) -> Tensor:
        """Behaviour states h (B, T, D) from item vectors (N, D) and events."""
        states = self._read(items, events)
        for block in self.blocks:
            states = block(states)
        return self.norm(states)  # type: ignore[no-any-return]

    def last_weights(self, items: Tensor, events: Events) -> Tensor:
        """Weights (B, T, T) of the last block, `CausalBlock.weights`; arguments as in `states`."""
        states, last = self._read(items, events), self.blocks[-1]
        for block in self.blocks[:-1]:
            states = block(states)
        assert isinstance(last, CausalBlock)
        return last.weights(states)

    def _read(self, items: Tensor, events: Events) -> Tensor:
        tokens = torch.cat([torch.zeros_like(self.start)[None], items, self.start[None]])  # (N + 2, D)
        place = torch.arange(events.token.shape[1], device=events.token.device)
        read = functional.embedding(events.token, tokens) + self.kind(events.kind)
        read = read + self.dwell(events.dwell) + self.gap(events.gap)
        if self.surface is not None:
            read = read + functional.embedding(events.surface, self.surface)
        return self.drop(read + self.position(place))  # type: ignore[no-any-return]

    def forward(
        self,
        events: Events,
        asks: Tensor,
        hour: Tensor,
        heat: Tensor | None,
        generated: Tensor | None,
        only_classes: bool,
        asked: Asked | None = None,
    ) -> RecommenderOutput:
        """Score items at the positions that ask.

        Args:
            events: what users did.
            asks: (P,) positions in the flattened (B * T) that ask for the next item.
            hour: (P,) whole hours since 1970 of the requests.
            heat: (P, N), or (P, classes) likewise: how much of each item was consumed lately; None where times are not
                known.
            generated: G_t (P, K, G) at those positions, zero where none exists; None switches the term off.
            only_classes: score the classes of the training softmax only, the oldest first, and those that did not exist
                at the request with minus infinity.
            asked: the items that follow, where their outcomes are asked for.
        """
        items = self.items()
        states = self.states(items, events).flatten(0, 1)[asks]  # (P, D)
        output = self.match(states, items, hour, heat, generated, only_classes)
        if asked is None:
            return output
        return output._replace(outcomes=self._foretell(states, items, asked, output.vectors))

    def foretell(self, states: Tensor, items: Tensor, asked: Asked, generated: Tensor | None) -> Tensor:
        """Log-odds (P, T) of what is done with items, from behaviour states (P, D), items (N, D) and G_t (P, K, G)."""
        _, _, vectors = self.asking(self.direction(states), states, generated)
        return self._foretell(states, items, asked, vectors)

    def _foretell(self, states: Tensor, items: Tensor, asked: Asked, vectors: Tensor | None) -> Tensor:
        assert self.outcomes is not None
        users, answers = [asked.rates, states], [torch.ones_like(asked.rates[:, :1]), items[asked.item]]
        if self.generated is not None:
            content = self.content[asked.item]
            users.append(torch.zeros_like(content) if vectors is None else vectors)
            answers.append(content)
        return self.outcomes(users, answers)  # type: ignore[no-any-return]

    def match(
        self,
        states: Tensor,
        items: Tensor,
        hour: Tensor,
        heat: Tensor | None,
        generated: Tensor | None,
        only_classes: bool,
    ) -> RecommenderOutput:
        """Hold behaviour states (P, D) against item vectors (N, D); the other arguments as in `forward`."""
        content, created = self.content, self.created
        if only_classes:
            classes = self.classes()
            items, content, created = (table.index_select(0, classes) for table in (items, content, created))
        moment = None
        if self.feed is not None and heat is not None:
            moment = self.feed(states, hour, created, heat, only_classes)
        directions, answers = self.direction(states), self.direction(items)
        asks, weights, vectors = self.asking(directions, states, generated)
        answers = self.answering(answers, content, uses_generated=vectors is not None)
        return RecommenderOutput(asks, answers, moment, weights, vectors)

    def direction(self, vectors: Tensor) -> Tensor:
        """States or item vectors (..., D) as the similarity sees them."""
        return functional.normalize(vectors, dim=1) if self.params.similarity == "cosine" else vectors

    def asking(
        self, directions: Tensor, states: Tensor, generated: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """What asks (P, M), W_t (P, K) and R_t (P, G) of behaviour states (P, D); None where nothing is generated."""
        asks = directions / self.params.temperature
        if self.generated is None or generated is None:
            return asks, None, None
        weights, vectors = self.generated(states, generated)
        return torch.cat([asks, self.generated.scale * self.generated.match(vectors)], dim=1), weights, vectors

    def answering(self, directions: Tensor, content: Tensor, *, uses_generated: bool) -> Tensor:
        """What answers (N, M) of the directions of items (N, D) and their content vectors (N, G)."""
        if self.generated is None or not uses_generated:
            return directions
        return torch.cat([directions, self.generated.match(content)], dim=1)


def build_attention_recommender(params: Mapping[str, Any]) -> AttentionRecommender:
    """The module from the params of a checkpoint: sizes, names, and two switches.

    One from before surfaces and outcomes were learnt has none of them.
    """
    outcomes = params.get("outcomes") or {"names": [], "n_rates": 0}
    return AttentionRecommender(
        AttentionParams.model_validate(params["model"]),
        n_items=len(params["item_ids"]),
        n_kinds=params["n_kinds"],
        n_surfaces=len(params.get("surfaces", ())),
        content_width=params["content_width"],
        uses_generated=params["uses_generated"],
        uses_time=params["uses_time"],
        outcomes=TwoTowerParams.model_validate(outcomes["model"]) if outcomes["names"] else None,
        n_outcomes=len(outcomes["names"]),
        n_rates=outcomes["n_rates"],
    )
