"""The writer's shape: a BART of 6 and 3 layers, filled from MiniLM, over the part of its vocabulary that is used.

    python -m explainer.training.writer_model MINILM_FOLDER --out FOLDER --texts FILE [FILE ...]

MINILM_FOLDER holds the original all-MiniLM-L6-v2 (Apache-2.0). Writes a transformers folder with tokenizer: the encoder
gives MiniLM's own output, the decoder begins with copies of its layers.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from transformers import BartConfig, BartForConditionalGeneration, BertModel

from explainer.knowledge import load_passages
from explainer.pieces import END, MARKS, PAD, START, UNKNOWN, Pieces
from explainer.tags import TAGS
from explainer.training.messages import load_messages

ENCODER_LAYERS, DECODER_LAYERS = 6, 3
DECODER_FROM = (1, 3, 5)
"""The layers of MiniLM that the decoder's begin as: spread over its depth."""
POSITIONS = 512
MIN_COUNT = 3
"""A piece seen this often in the texts stays in the vocabulary; single signs always do: nothing is unreadable."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the untrained writer out of MiniLM.")
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="JSON lines (.gz too) with a field text")
    options = parser.parse_args()
    texts = [*read_texts(options.texts), *(p.text for p in load_passages()), *(m.text for m in load_messages())]
    kept = choose_vocabulary(Tokenizer.from_file(str(options.source / "tokenizer.json")), texts)
    save_tokenizer(options.source, options.out, kept)
    model = warm_started(options.source, options.out, kept)
    model.save_pretrained(options.out, safe_serialization=True)
    print(f"{len(kept)} of the pieces kept, {sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters")


def read_texts(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def choose_vocabulary(tokenizer: Tokenizer, texts: Iterable[str]) -> list[str]:
    """Special pieces, single signs in ASCII and Latin letters, and whatever the texts use, in the order of MiniLM."""
    tokenizer.no_truncation()
    counts = Counter(piece for encoded in tokenizer.encode_batch(list(texts)) for piece in encoded.tokens)
    order = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)

    def stays(piece: str) -> bool:
        sign = piece.removeprefix("##")
        special = piece in (PAD, UNKNOWN, START, END, "[MASK]")
        return special or (len(sign) == 1 and ord(sign) < 0x250) or counts[piece] >= MIN_COUNT

    return [piece for piece in order if stays(piece)]


def save_tokenizer(source: Path, out: Path, kept: list[str]) -> Tokenizer:
    """The tokenizer of MiniLM over these pieces, with a piece for each tag and mark."""
    out.mkdir(parents=True, exist_ok=True)
    specification = json.loads((source / "tokenizer.json").read_text("utf-8"))
    specification["model"]["vocab"] = {piece: i for i, piece in enumerate(kept)}
    for added in specification["added_tokens"]:
        added["id"] = kept.index(added["content"])
    specification["truncation"] = specification["padding"] = specification["post_processor"] = None
    tokenizer: Tokenizer = Tokenizer.from_str(json.dumps(specification))
    tokenizer.add_tokens([AddedToken(t, normalized=False, special=False) for t in (*TAGS, *MARKS)])
    tokenizer.save(str(out / "tokenizer.json"))
    names = {"pad_token": PAD, "unk_token": UNKNOWN, "bos_token": START, "eos_token": END, "mask_token": "[MASK]"}
    settings: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": POSITIONS, **names}
    (out / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    return tokenizer


def warm_started(source: Path, out: Path, kept: list[str]) -> BartForConditionalGeneration:
    """A BART whose encoder is MiniLM and whose decoder begins with copies of MiniLM's layers."""
    bert = BertModel.from_pretrained(source, add_pooling_layer=False, use_safetensors=True)
    vocabulary: dict[str, int] = Tokenizer.from_file(str(source / "tokenizer.json")).get_vocab()
    ids = Pieces.load(out).tokenizer.get_vocab()
    config = BartConfig(
        vocab_size=len(ids), d_model=384, encoder_layers=ENCODER_LAYERS, decoder_layers=DECODER_LAYERS,
        encoder_attention_heads=12, decoder_attention_heads=12, encoder_ffn_dim=1536, decoder_ffn_dim=1536,
        max_position_embeddings=POSITIONS, activation_function="gelu", scale_embedding=False, dropout=0.0,
        attention_dropout=0.0, activation_dropout=0.0, pad_token_id=ids[PAD], bos_token_id=ids[START],
        eos_token_id=ids[END], decoder_start_token_id=ids[START], forced_eos_token_id=None,
    )  # fmt: skip
    config.normalize_before, config.normalize_embedding = False, True  # CTranslate2's converter asks for both
    model = BartForConditionalGeneration(config)
    with torch.no_grad():
        words = bert.embeddings.word_embeddings.weight
        shared = model.model.shared.weight
        shared[: len(kept)] = words[[vocabulary[piece] for piece in kept]]
        shared[len(kept) :] = words.mean(0) + 0.02 * torch.randn(len(ids) - len(kept), words.shape[1])
        positions = bert.embeddings.position_embeddings.weight + bert.embeddings.token_type_embeddings.weight[0]
        for half in (model.model.encoder, model.model.decoder):
            half.embed_positions.weight[2 : 2 + POSITIONS] = positions[:POSITIONS]
            half.layernorm_embedding.load_state_dict(bert.embeddings.LayerNorm.state_dict())
        for i in range(ENCODER_LAYERS):
            _copy_layer(bert.encoder.layer[i], model.model.encoder.layers[i], crossed=False)
        for i, j in enumerate(DECODER_FROM):
            _copy_layer(bert.encoder.layer[j], model.model.decoder.layers[i], crossed=True)
    return model


def _copy_layer(old: Any, new: Any, *, crossed: bool) -> None:
    """One layer of MiniLM into one of BART; a decoder's cross attention begins as its self attention."""
    for attention in (new.self_attn, new.encoder_attn) if crossed else (new.self_attn,):
        attention.q_proj.load_state_dict(old.attention.self.query.state_dict())
        attention.k_proj.load_state_dict(old.attention.self.key.state_dict())
        attention.v_proj.load_state_dict(old.attention.self.value.state_dict())
        attention.out_proj.load_state_dict(old.attention.output.dense.state_dict())
    new.self_attn_layer_norm.load_state_dict(old.attention.output.LayerNorm.state_dict())
    if crossed:
        new.encoder_attn_layer_norm.load_state_dict(old.attention.output.LayerNorm.state_dict())
    new.fc1.load_state_dict(old.intermediate.dense.state_dict())
    new.fc2.load_state_dict(old.output.dense.state_dict())
    new.final_layer_norm.load_state_dict(old.output.LayerNorm.state_dict())


if __name__ == "__main__":
    main()
