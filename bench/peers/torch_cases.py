"""The bench's tasks in PyTorch, one thread: a task a line on stdin, and how often to do it; milliseconds of one on stdout."""

import json
import math
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
now = time.process_time if "computing" in sys.argv else time.perf_counter
torch.manual_seed(1)


def attend(query, keys, values, task):
    scores = query @ keys.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if task.get("causal"):
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        scores = scores.masked_fill(~seen, -math.inf)
    return scores.softmax(-1) @ values


def convolved(x, w, g):
    y = nn.functional.conv2d(x, w, padding=1)
    return y, nn.grad.conv2d_input(x.shape, w, g, padding=1), nn.grad.conv2d_weight(x, w.shape, g, padding=1)


OPS = {
    "matmul": lambda t, a, b: (a.T if t["transposeA"] else a) @ (b.T if t["transposeB"] else b),
    "softmax": lambda t, x: x.softmax(-1),
    "logSoftmax": lambda t, x: x.log_softmax(-1),
    "layerNorm": lambda t, x, w, b: nn.functional.layer_norm(x, w.shape, w, b),
    "exp": lambda t, x: x.exp(),
    "tanh": lambda t, x: x.tanh(),
    "sigmoid": lambda t, x: x.sigmoid(),
    "gelu": lambda t, x: nn.functional.gelu(x),
    "add": lambda t, a, b: a + b,
    "attention": lambda t, q, k, v: attend(q, k, v, t),
    "conv2d": lambda t, x, w: nn.functional.conv2d(x.permute(0, 3, 1, 2), w, padding=1),
    "conv2dGradients": lambda t, x, w, g: convolved(x.permute(0, 3, 1, 2), w, g.permute(0, 3, 1, 2)),
}


def training(model, loss):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def recurrent(task):
    x = torch.rand(task["shapes"][0]) * 2 - 1
    model = getattr(nn, task["op"])(x.shape[2], task["hidden"], batch_first=True)
    return training(model, lambda: model(x)[0].square().mean())


def logits_loss(logits, target):
    return nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())


def dates(task):
    source, target, width = task["source"], task["target"], task["width"]
    model = nn.ModuleDict(
        {
            "read": nn.Embedding(source["symbols"], width),
            "write": nn.Embedding(target["symbols"], width),
            "encoder": nn.LSTM(width, width, batch_first=True),
            "decoder": nn.LSTM(width, width, batch_first=True),
            "combine": nn.Linear(2 * width, width),
            "output": nn.Linear(width, target["symbols"]),
        }
    )
    tokens = torch.randint(source["symbols"], (task["batch"], source["length"]))
    given, wanted = (torch.randint(target["symbols"], (task["batch"], target["length"])) for _ in range(2))

    def loss():
        memory, state = model["encoder"](model["read"](tokens))
        output, _ = model["decoder"](model["write"](given), state)
        context = (output @ memory.transpose(1, 2)).softmax(-1) @ memory
        return logits_loss(model["output"](model["combine"](torch.cat([context, output], 2)).tanh()), wanted)

    return training(model, loss)


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.hidden_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        projected = self.project(self.attention_norm(x)).unflatten(-1, (3, self.heads, -1))
        heads = attend(*projected.permute(2, 0, 3, 1, 4), {"causal": True})
        x = x + self.join(heads.transpose(1, 2).flatten(2))
        return x + self.narrow(nn.functional.gelu(self.widen(self.hidden_norm(x))))


def gpt(task):
    width, length, symbols = task["width"], task["length"], task["symbols"]
    layers = [Layer(width, task["heads"]) for _ in range(task["layers"])]
    body = nn.Sequential(*layers, nn.LayerNorm(width), nn.Linear(width, symbols, bias=False))
    model = nn.ModuleDict({"symbols": nn.Embedding(symbols, width), "positions": nn.Embedding(length, width), "body": body})
    text = torch.randint(symbols, (task["batch"], length + 1))
    positions = torch.arange(length)

    def loss():
        x = model["symbols"](text[:, :-1]) + model["positions"](positions)
        return logits_loss(model["body"](x), text[:, 1:])

    return training(model, loss)


class Machine(nn.Module):
    """A Neural Turing Machine of one head that reads and one that writes, with an LSTM (Graves, Wayne, Danihelka 2014)."""

    def __init__(self, task):
        super().__init__()
        self.cells, self.width, hidden = task["cells"], task["width"], task["hidden"]
        self.lstm = nn.LSTMCell(task["input"] + self.width, hidden)
        self.map = nn.Linear(hidden, 2 * (self.width + 6) + 2 * self.width)
        self.output = nn.Linear(hidden + self.width, task["output"])
        self.start = nn.Parameter(-torch.arange(self.cells).float().repeat(2, 1))
        self.first = nn.Parameter(torch.zeros(1, self.width))

    def forward(self, x):
        batch, width = x.shape[0], self.width
        memory = torch.full((batch, self.cells, width), 1e-6)
        weights = self.start.softmax(-1).expand(batch, -1, -1)
        read = self.first.tanh().expand(batch, -1)
        state, outputs = None, []
        for now in x.unbind(1):
            state = self.lstm(torch.cat([now, read], 1), state)
            said = self.map(state[0]).clamp(-20, 20)
            key, beta, gate, shift, gamma, erase, added = said.split([2 * width, 2, 2, 6, 2, width, width], 1)
            key = key.tanh().view(batch, 2, width)
            cosine = nn.functional.cosine_similarity(key.unsqueeze(2), memory.unsqueeze(1), -1)
            content = (nn.functional.softplus(beta).unsqueeze(-1) * cosine).softmax(-1)
            gate = gate.sigmoid().unsqueeze(-1)
            gated = gate * content + (1 - gate) * weights
            shift = shift.view(batch, 2, 3).softmax(-1)
            moved = sum(shift[..., j : j + 1] * gated.roll(j - 1, -1) for j in range(3))
            powers = (moved + 1e-12) ** (1 + nn.functional.softplus(gamma)).unsqueeze(-1)
            weights = powers / powers.sum(-1, keepdim=True)
            read = (weights[:, :1] @ memory).squeeze(1)
            write = weights[:, 1].unsqueeze(2)
            memory = memory * (1 - write * erase.sigmoid().unsqueeze(1)) + write * added.tanh().unsqueeze(1)
            outputs.append(self.output(torch.cat([state[0], read], 1)))
        return torch.stack(outputs, 1)


def machine(task):
    model = Machine(task)
    x = torch.rand(task["shapes"][0]).round()
    wanted = torch.rand(task["batch"], task["steps"], task["output"]).round()
    return training(model, lambda: nn.functional.binary_cross_entropy_with_logits(model(x), wanted))


def call_of(task):
    """What does a task, or None for one that is not here."""
    op, shapes = task["op"], task["shapes"]
    if op in ("LSTM", "GRU"):
        return recurrent(task)
    if op in ("dates", "gpt", "machine"):
        return {"dates": dates, "gpt": gpt, "machine": machine}[op](task)
    if op not in OPS or task.get("mask") or task.get("bias"):
        return None
    operands = [torch.rand(shape) * 2 - 1 for shape in shapes]
    return lambda: OPS[op](task, *operands)


def without_gradients(call, op):
    return call if op in ("LSTM", "GRU", "dates", "gpt", "machine") else torch.no_grad()(call)


call = None
print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if "task" in message:
        call = call_of(message["task"])
        if call:
            call = without_gradients(call, message["task"]["op"])
        print(json.dumps({"able": call is not None}), flush=True)
    else:
        start = now()
        for _ in range(message["calls"]):
            call()
        print(json.dumps({"milliseconds": 1000 * (now() - start) / message["calls"]}), flush=True)
