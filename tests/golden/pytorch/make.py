"""Write the files beside this one with PyTorch 2.13: `python make.py`. The values are those of `test_pytorch.golden`."""

from pathlib import Path

import torch

HERE = Path(__file__).parent


def save(value: object, name: str, *, legacy: bool = True) -> None:
    """Save a value in both layouts."""
    torch.save(value, HERE / f"{name}.pt")
    if legacy:
        torch.save(value, HERE / f"{name}.legacy.bin", _use_new_zipfile_serialization=False)


w = torch.arange(12, dtype=torch.float32).reshape(3, 4)
views = {"w": w, "tied": w, "transposed": w.t(), "sliced": w[1:, ::2], "expanded": w[:, :1].expand(3, 4)}
views |= {"scalar": torch.tensor(3.5), "empty": torch.zeros(0, 4), "parameter": torch.nn.Parameter(w + 1)}
save(views, "views")

names = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float64", "complex64"]
names += ["uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"]
numbers = {name: torch.arange(6) % (2 if name == "bool" else 6) for name in names}
save({name: each.to(getattr(torch, name)) for name, each in numbers.items()}, "dtypes", legacy=False)

module = torch.nn.Module()
module.fc = torch.nn.Linear(3, 2)
torch.nn.init.constant_(module.fc.weight, 0.5)
module.fc.bias.data = torch.arange(2.0)
moment = {"step": torch.tensor(1.0), "exp_avg": torch.zeros(2, 3)}
optimizer = {"state": {0: moment}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "params": [0, 1]}]}
save({"epoch": 3, "state_dict": module.state_dict(), "optimizer": optimizer, "note": "é"}, "train")

save(module, "module", legacy=False)
conjugated = torch.ones(2, dtype=torch.complex64).conj()
save({"sparse": torch.eye(3).to_sparse(), "conjugated": conjugated, "dense": torch.ones(2)}, "sparse", legacy=False)
