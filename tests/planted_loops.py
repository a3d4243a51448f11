"""Training loops around the models of planted_models.py, right ones and wrong ones. Each trains `trial.model` on `trial.batches`."""

import copy

import torch
import torch.nn.functional as F


def plain(trial):
    """As it should be."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        loss = trial.loss(model(*inputs), target)
        loss.backward()
        optimizer.step()


def thirds(trial):
    """Three batches a step, each with a third of its loss: as it should be."""
    model, optimizer = trial.model, trial.optimizer
    optimizer.zero_grad()
    for number, (inputs, target) in enumerate(trial.batches * 2, 1):
        loss = trial.loss(model(*inputs), target) / 3
        loss.backward()
        if number % 3 == 0:
            optimizer.step()
            optimizer.zero_grad()


def scaled(trial):
    """With a scaler, the gradients unscaled before they are clipped: as it should be."""
    model, optimizer = trial.model, trial.optimizer
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        loss = trial.loss(model(*inputs), target)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


def searched(trial):
    """With an optimizer that calls the loss itself: as it should be."""
    model = trial.model
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)
    for inputs, target in trial.batches[:2]:

        def closure(inputs=inputs, target=target):
            optimizer.zero_grad()
            loss = trial.loss(model(*inputs), target)
            loss.backward()
            return loss

        optimizer.step(closure)


def mixed(trial):
    """With 16 bits where that does no harm: as it should be."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = trial.loss(model(*inputs), target)
        loss.backward()
        torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
        optimizer.step()


def validated(trial):
    """A look at the loss without gradient between the steps, in eval mode, and an average of the weights: as it should be."""
    model, optimizer = trial.model, trial.optimizer
    average = copy.deepcopy(model)
    for inputs, target in trial.batches:
        model.train()
        loss = trial.loss(model(*inputs), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            trial.loss(model(*inputs), target).item()
            for mean, new in zip(average.parameters(), model.parameters(), strict=True):
                mean.lerp_(new, 0.1)


def accumulated(trial):
    """Nobody clears the gradients."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, target in trial.batches:
        loss = trial.loss(model(*inputs), target)
        loss.backward()
        optimizer.step()


def cleared(trial):
    """The gradients are cleared between backward and step."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, target in trial.batches:
        loss = trial.loss(model(*inputs), target)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()


def clipped_while_scaled(trial):
    """The gradients are clipped before the scale is taken off."""
    model, optimizer = trial.model, trial.optimizer
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        loss = trial.loss(model(*inputs), target)
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


def wholes(trial):
    """Three batches a step, each with its whole mean loss."""
    model, optimizer = trial.model, trial.optimizer
    optimizer.zero_grad()
    for number, (inputs, target) in enumerate(trial.batches * 2, 1):
        loss = trial.loss(model(*inputs), target)
        loss.backward()
        if number % 3 == 0:
            optimizer.step()
            optimizer.zero_grad()


def resting(trial):
    """The model was left in eval mode after an evaluation."""
    model, optimizer = trial.model, trial.optimizer
    model.eval()
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        loss = trial.loss(model(*inputs), target)
        loss.backward()
        optimizer.step()


def first(result):
    """The first tensor of a model's result."""
    return result[0] if isinstance(result, tuple) else result


def broadcast(trial):
    """A column of predictions against a row of targets."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, _ in trial.batches:
        prediction = first(model(*inputs)).flatten(1).mean(1, keepdim=True)
        wanted = torch.randn(len(prediction))
        loss = ((prediction - wanted) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def broadcast_by_mse(trial):
    """The same in PyTorch's own loss, which only warns."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, _ in trial.batches:
        prediction = first(model(*inputs)).flatten(1).mean(1, keepdim=True)
        loss = F.mse_loss(prediction, torch.randn(len(prediction)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def columns(trial):
    """A column of predictions against a column of targets: as it should be."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, _ in trial.batches:
        prediction = first(model(*inputs)).flatten(1).mean(1, keepdim=True)
        loss = F.mse_loss(prediction, torch.randn(len(prediction), 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def two_softmaxes(trial):
    """What the loss squashes is squashed already."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, target in trial.batches:
        result = model(*inputs)
        if isinstance(result, tuple):
            loss = trial.loss((torch.sigmoid(result[0]), *result[1:]), target)
        else:
            loss = trial.loss(torch.softmax(result, 1 if result.dim() == 4 else -1), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def without_gradient(trial):
    """The forward pass runs without gradient."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, target in trial.batches:
        with torch.no_grad():
            loss = trial.loss(model(*inputs), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def twice(trial):
    """The same graph backward once more."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        loss = trial.loss(model(*inputs), target)
        loss.backward()
        loss.backward()
        optimizer.step()


def looked_up(trial):
    """The gradient of a result is looked up, which PyTorch keeps for leaves only."""
    model, optimizer = trial.model, trial.optimizer
    for inputs, _ in trial.batches:
        optimizer.zero_grad()
        result = first(model(*inputs))
        loss = (result**2).mean()
        loss.backward()
        if result.grad is not None:
            print(result.grad.norm())
        optimizer.step()


def too_far(trial):
    """A scale so large that every step is skipped."""
    model, optimizer = trial.model, trial.optimizer
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120, backoff_factor=0.999)
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        loss = trial.loss(model(*inputs), target) * 1e9
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()


def thawed_too_late(trial):
    """The end of the model is trained first, then everything, but nobody thaws what was frozen for the first part."""
    model = trial.model
    model.requires_grad_(False)
    end = model.get_submodule(trial.subject.last).requires_grad_(True)
    for trained in (end, model):
        optimizer = torch.optim.SGD(trained.parameters(), lr=0.02)
        for inputs, target in trial.batches[:2]:
            optimizer.zero_grad()
            trial.loss(model(*inputs), target).backward()
            optimizer.step()


def rising(trial):
    """A learning rate that never leaves 0."""
    model, optimizer = trial.model, trial.optimizer
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step // 100))
    for inputs, target in trial.batches:
        optimizer.zero_grad()
        loss = trial.loss(model(*inputs), target)
        loss.backward()
        optimizer.step()
        schedule.step()
