"""Tag the words of short sentences."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence


class Tagger(nn.Module):
    def __init__(self, words, tags):
        super().__init__()
        self.embed = nn.Embedding(words, 16, padding_idx=0)
        self.lstm = nn.LSTM(16, 16, batch_first=True, bidirectional=True)
        self.out = nn.Linear(32, tags)

    def forward(self, sentence, lengths):
        packed = pack_padded_sequence(self.embed(sentence), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.out(states)


torch.manual_seed(71)
sentences = [torch.randint(1, 25, (n,)) for n in torch.randint(3, 10, (60,)).tolist()]
tags = [(s + torch.roll(s, 1)) % 3 for s in sentences]
lengths = torch.tensor([len(s) for s in sentences])
words, wanted = pad_sequence(sentences, batch_first=True), pad_sequence(tags, batch_first=True, padding_value=-100)
model = Tagger(25, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
for epoch in range(25):
    logits = model(words, lengths)
    loss = nn.functional.cross_entropy(logits.transpose(1, 2), wanted, ignore_index=-100)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 6 == 0:
        print(epoch, loss.item())
