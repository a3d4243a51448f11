"""Programs that a careless observer would break: each gives its values and its leaves after whatever backward it runs itself."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

CASES = {}


def case(program):
    CASES[program.__name__] = program
    return program


def dropped():
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.4), nn.Tanh())


@case
def checkpointed(verb, *, reentrant=False):
    region, head, batch = dropped(), nn.Linear(4, 1), torch.randn(6, 4, requires_grad=True)
    loss = head(checkpoint(region, batch, use_reentrant=reentrant)).square().sum() + head.weight.sum()
    verb(loss)
    loss.backward()
    return [loss, *region.buffers()], [batch, *region.parameters(), *head.parameters()]


@case
def checkpointed_reentrant(verb):
    return checkpointed(verb, reentrant=True)


@case
def checkpointed_with_a_weight_used_outside(verb):
    weight, batch = torch.randn(4, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    loss = (checkpoint(lambda each: torch.tanh(each @ weight), batch, use_reentrant=True) @ weight).sum()
    verb(loss)
    loss.backward()
    return [loss], [weight, batch]


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value, factor, other, *, note=None):
        ctx.save_for_backward(value)
        ctx.factor = factor
        return value * factor + other.detach(), torch.tensor(3)

    @staticmethod
    def backward(ctx, grad, _):
        torch.rand(1)
        return grad * ctx.factor, None, None


@case
def custom_function(verb):
    weight, other = torch.randn(80, requires_grad=True), torch.randn(80, requires_grad=True)
    loss = (Scaled.apply(weight * 1.0, 2.5, other)[0] + weight).sum()
    verb(loss)
    loss.backward()
    return [loss, torch.rand(2)], [weight, other]


@case
def changed_in_place_through_a_view(verb):
    weight = torch.randn(6, 3, requires_grad=True)
    whole = weight * 1.0
    whole[2:].mul_(3.0)
    whole[0] = whole[5].clone()
    whole.t()[1].relu_()
    loss = whole.exp().sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]


@case
def functorch(verb):
    weight, batch = torch.randn(3, requires_grad=True), torch.randn(5, 3)

    def one(values, row):
        return (values * row).tanh().sum()

    each = torch.func.vmap(torch.func.grad(one), in_dims=(None, 0))(weight, batch)
    loss = each.square().sum() + torch.func.jvp(lambda value: value.sin(), (batch[0],), (batch[1],))[1].sum()
    verb(loss)
    loss.backward()
    return [loss, each, torch.autograd.functional.hessian(lambda value: value.pow(3).sum(), batch[0])], [weight]


@case
def no_grad_and_inference(verb):
    weight = torch.randn(90, requires_grad=True)
    with torch.no_grad():
        scale = weight.norm() * 2
    with torch.inference_mode():
        seen = (weight * torch.ones(90)).cumsum(0)
        seen += 1
    loss = (weight / scale).square().sum()
    verb(loss)
    loss.backward()
    with torch.no_grad():
        weight -= 0.1 * weight.grad
    return [loss, seen.clone(), scale], [weight]


@case
def double_backward(verb):
    weight = torch.randn(5, requires_grad=True)
    (first,) = torch.autograd.grad(weight.pow(3).tanh().sum(), weight, create_graph=True)
    loss = first.square().sum()
    verb(loss)
    loss.backward(create_graph=False)
    return [first, loss], [weight]


@case
def backward_of_some_inputs(verb):
    one, two = torch.randn(70, requires_grad=True), torch.randn(70, requires_grad=True)
    middle = one * two
    loss = middle.exp().sum()
    verb(loss)
    start = torch.autograd._get_sequence_nr()
    loss.backward(inputs=[one], retain_graph=True)
    found = torch.autograd.grad(loss, [middle, two], retain_graph=True, allow_unused=True)
    both = torch.autograd.grad([loss, middle.sum()], [one, two])
    return [loss, *found, *both, torch.tensor(torch.autograd._get_sequence_nr() - start)], [one, two]


@case
def several_losses(verb):
    weight = torch.randn(3, requires_grad=True)
    one, two = weight.sin().sum(), (weight * 2)
    verb(one)
    one.backward(retain_graph=True)
    torch.autograd.backward([one, two], [None, torch.ones(3)])
    return [one, two], [weight]


@case
def backward_inside_a_hook(verb):
    weight = torch.randn(3, requires_grad=True)
    shared = weight.exp()
    doubled = shared * 2

    def again(grad):
        with torch.enable_grad():
            (inner,) = torch.autograd.grad(shared.sum(), weight, retain_graph=True)
        return grad + inner

    doubled.register_hook(again)
    loss = doubled.sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]


@case
def batched_gradients(verb):
    weight = torch.randn(3, requires_grad=True)
    out = weight.exp() * 2
    rows = torch.autograd.grad(out, weight, torch.eye(3), is_grads_batched=True, retain_graph=True)[0]
    loss = out.sum()
    verb(loss)
    loss.backward()
    return [rows, loss], [weight]


@case
def retained(verb):
    weight = torch.randn(3, requires_grad=True)
    loss = weight.sigmoid().sum()
    for _ in range(3):
        verb(loss)
        loss.backward(retain_graph=True)
    return [loss], [weight]


@case
def anomaly_mode(verb):
    weight = torch.randn(3, requires_grad=True)
    with torch.autograd.detect_anomaly():
        loss = weight.sigmoid().log().sum()
        verb(loss)
        loss.backward()
    return [loss], [weight]


@case
def offloaded(verb):
    weight = torch.randn(70, requires_grad=True)
    with torch.autograd.graph.save_on_cpu():
        loss = weight.exp().sin().sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]
