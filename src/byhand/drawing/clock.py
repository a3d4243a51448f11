"""When everything happens: the numbers of the moments of the walk."""

from byhand.explanation.labels import Labels, Target
from byhand.results import Pass, Step


class Clock:
    """The moments of one pass: 0 is before everything, then every operation forward, the seed, every operation backward, last to first."""

    def __init__(self, result: Pass, labels: Labels) -> None:
        self._labels = labels
        self._roots = {(root.node, root.output_nr) for root in result.graph.roots}
        self.seed = len(labels.steps) + 1
        self.last = 2 * self.seed - 1

    def forward(self, step: Step) -> int:
        """When the operation is computed."""
        return self._labels.position[step.index]

    def backward(self, step: Step) -> int:
        """When the operation sends its contributions back."""
        return self.last + 1 - self._labels.position[step.index]

    def complete(self, *targets: Target) -> int:
        """When the gradients of these values are there: with their last contribution; at the end for what none arrives at."""
        uses = self._labels.uses
        moments = [self.backward(uses[target][0][0]) for target in targets if target in uses]  # the first to use it is the last to send
        moments += [self.seed] if self._roots.intersection(targets) else []
        return max(moments, default=self.last)
