"""The parts of the page: where they stand, and what each click fills them with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from explainer.errors import BadInput, ExplainerError
from explainer.page_api import Asked, Models, answer_question, explain, make_request
from explainer.page_examples import EXAMPLES
from explainer.page_feedback import keep_feedback
from explainer.page_ocr import can_read_pictures, read_picture
from explainer.page_paste import MAX_TEXTS, Pasted, preview, split_paste
from explainer.page_view import COUNTRIES, HAPPENED, beginning, highlighted, letter_label, render, sorry_words, view_of
from explainer.records import Explanation

Update = dict[Any, Any]
SHOWN_OPTIONS = (("Yes", "yes"), ("No", "no"), ("Don't know", "unknown"))
ALL_TOGETHER = "They belong together: explain them as one"
BUSY = "loanPage.busy('Reading the text …')"
TAKE_PICTURE = "loanPage.takePictures(element, (data) => trigger('picture', { data }))"


class Parts:
    """The components, and the handlers that fill them."""

    def __init__(self, models: Models, *, country: str | None, feedback: Path | None, local: bool) -> None:
        self._models = models
        self._country = country
        self._feedback = feedback
        self._local = local

    # ------------------------------------------------------------------ what stands where

    def lay_out(self) -> None:
        where = "Everything stays on this device." if self._local else "Your text is not kept by the host of this page."
        self._html(render("top", where), elem_classes="top")
        self.asked = gr.JSON(visible=False)
        with gr.Row(elem_id="page"):
            with gr.Column(elem_id="ask"):
                self._lay_out_form()
            with gr.Column(elem_id="read"):
                self._lay_out_start()
                self._lay_out_choice()
                with gr.Column(elem_id="answer", visible=False) as self.answer:
                    self._lay_out_answer()

    def _html(self, value: str = "", script: str | None = None, **names: Any) -> Any:
        """A part made by the template; the style sheet is ours, and mostly no script hangs on it."""
        return gr.HTML(value, apply_default_css=False, js_on_load=script, **names)

    def _lay_out_form(self) -> None:
        # The browser's own spelling help may send what is typed to its maker.
        plain = gr.InputHTMLAttributes(autocomplete="off", autocorrect="off", autocapitalize="off", spellcheck=False)
        self.text = gr.Textbox(
            label="The text you got", placeholder="Paste it here", lines=5, max_lines=12, elem_id="text",
            html_attributes=plain,
        )  # fmt: skip
        self.picture = None
        if can_read_pictures():
            self.picture = self._html(render("picture"), TAKE_PICTURE, elem_id="picture")
        self.already = gr.CheckboxGroup(
            [(words, value) for value, words in HAPPENED.items()], label="I already …",
            elem_id="already",
        )  # fmt: skip
        self.explain = gr.Button("Explain this text", variant="primary", elem_id="explain")
        self.status = self._html(render("status", ""), elem_id="status")
        with gr.Accordion("More: sender, country, date, name", open=False, elem_id="more"):
            self.sender = gr.Textbox(
                label="Sender, as your phone shows it", placeholder="VM-HOMECR-S, 72644, +44 …", html_attributes=plain,
                max_lines=1,
            )  # fmt: skip
            choices = [
                ("Find it from the text", ""),
                *((name.removeprefix("the "), c) for c, name in COUNTRIES.items()),
            ]
            if self._country and self._country.upper() not in COUNTRIES:
                choices.append((self._country.upper(), self._country.upper()))
            self.country = gr.Dropdown(
                choices, value=(self._country or "").upper(), label="Country whose rules apply", filterable=False
            )
            self.received = gr.Textbox(
                label="Day it came", placeholder="2026-03-02", html_attributes=plain, max_lines=1
            )
            self.name = gr.Textbox(
                label="Your own name, to tell it from one in the text", html_attributes=plain, max_lines=1
            )
            if self.picture is None:
                self._html(render("no_picture", self._local))
        self.form = [self.text, self.sender, self.country, self.received, self.name, self.already]

    def _lay_out_start(self) -> None:
        with gr.Column(elem_id="start") as self.start:
            self._html(render("start"))
            with gr.Row(elem_id="examples"):
                self.examples = [gr.Button(f"{e.label}\n{beginning(e.text)}", size="sm") for e in EXAMPLES]

    def _lay_out_choice(self) -> None:
        with gr.Column(elem_id="which-box", visible=False) as self.which_box:
            self.which_words = self._html()
            self.which = gr.Radio([], label="The texts you pasted", elem_id="which-list", container=False)
            self.which_button = gr.Button("Explain the chosen one", variant="primary")

    def _lay_out_answer(self) -> None:
        self.verdict = self._html()
        with gr.Column(elem_id="question") as self.question:
            self.question_words = self._html()
            with gr.Row(elem_classes="buttons") as self.options:
                self.option_buttons = [gr.Button(words, size="md") for words, _ in SHOWN_OPTIONS]
            self.undo = gr.Button("Take my answer back", size="sm", elem_id="undo", visible=False)
        self.why = self._html()
        self.todo = self._html()
        with gr.Accordion("A letter to send", open=False, elem_id="letter-box") as self.letter_box:
            self.letter_words = self._html()
            self.letter = gr.Textbox(
                label="The letter", lines=9, max_lines=18, interactive=True, elem_id="letter", show_label=False,
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
            )  # fmt: skip
            self.copy = gr.Button("Copy the letter", size="sm", elem_id="copy")
        with gr.Column(elem_id="yours") as self.yours:
            self.yours_words = self._html()
            self.marked = gr.HighlightedText(
                show_label=False, show_legend=True, show_inline_category=False, container=False, elem_id="marked"
            )
            self.notes = self._html()
        if self._feedback:
            self._lay_out_feedback()
        self.details = self._html()
        self.again = gr.Button("Explain another text", elem_id="again")

    def _lay_out_feedback(self) -> None:
        with gr.Column(elem_id="feedback"):
            self._html("<h3>Was this right?</h3>")
            self.keep_text = gr.Checkbox(False, label="Keep my text with it, so that others can learn from it")
            with gr.Row(elem_classes="buttons"):
                self.right, self.wrong = gr.Button("Yes, right", size="sm"), gr.Button("No, wrong", size="sm")
            self.thanks = self._html()

    # ------------------------------------------------------------------ what a click does

    def connect(self, page: Any) -> None:
        everything = self._outputs()
        shared: dict[str, Any] = {
            "show_progress": "hidden", "api_visibility": "private", "concurrency_id": "explain", "concurrency_limit": 2,
        }  # fmt: skip
        done: dict[str, Any] = {"fn": None, "js": "() => loanPage.done()"}
        busy = "(...a) => { " + BUSY + "; return a; }"
        self.explain.click(self.on_explain, self.form, everything, js=busy, **shared).then(**done)
        inputs = [self.which, *self.form]
        self.which_button.click(self.on_which, inputs, everything, js=busy, **shared).then(**done)
        for i, button in enumerate(self.examples):
            button.click(self.on_example(i), None, [*self.form, *everything], js=busy, **shared).then(**done)
        answered: dict[str, Any] = {"fn": None, "js": "() => loanPage.answered()"}
        for button, (_, option) in zip(self.option_buttons, SHOWN_OPTIONS, strict=True):
            button.click(self.on_answer(option), self.asked, everything, js=busy, **shared).then(**answered)
        self.undo.click(self.on_undo, self.asked, everything, js=busy, **shared).then(**answered)
        self.copy.click(None, js="() => loanPage.copy()")
        quick = {**shared, "concurrency_id": "quick"}
        self.again.click(self.on_again, None, [self.text, *everything], **quick).then(None, js="() => loanPage.again()")
        if self.picture is not None:
            read = self.picture.picture(self.on_picture, None, [self.text, self.status], **shared)
            read.then(None, js="() => loanPage.pictureRead()")
        if self._feedback:
            for button, right in ((self.right, True), (self.wrong, False)):
                button.click(self.on_feedback(right), [self.asked, self.keep_text], self.thanks, **quick)
        page.load(self.on_load, None, self.status, **{**shared, "concurrency_id": "load", "concurrency_limit": None})

    def _outputs(self) -> list[Any]:
        return [
            self.asked, self.start, self.which_box, self.which_words, self.which, self.answer, self.verdict,
            self.question, self.question_words, self.options, self.undo, self.why, self.todo, self.letter_box,
            self.letter_words, self.letter, self.yours, self.yours_words, self.marked, self.notes, self.details,
        ]  # fmt: skip

    def on_load(self) -> Iterator[str]:
        if not self._models.loaded:
            yield render("status", "The models are being loaded; this takes a moment, once.")
            try:
                self._models.get()
            except ExplainerError as error:
                yield render("status", str(error))
                return
        yield render("status", "")

    def on_explain(self, text: str, sender: str, country: str, received: str, name: str, already: list[str]) -> Update:
        pieces = split_paste(text or "")
        if len(pieces) > 1:
            return self._ask_which(pieces)
        piece = pieces[0] if pieces else Pasted("")
        return self._explain_piece(piece, sender, country, received, name, already)

    def on_which(
        self, chosen: str | None, text: str, sender: str, country: str, received: str, name: str, already: list[str]
    ) -> Update:
        pieces = split_paste(text or "")
        if chosen == "all":
            return self._explain_piece(Pasted(text), sender, country, received, name, already)
        if chosen is None or not chosen.isdigit() or int(chosen) >= len(pieces):
            return self._ask_which(pieces)
        return self._explain_piece(pieces[int(chosen)], sender, country, received, name, already)

    def on_example(self, i: int) -> Any:
        example = EXAMPLES[i]

        def fill_and_explain() -> Update:
            piece = Pasted(example.text, example.sender)
            form = dict(zip(self.form, (example.text, example.sender, example.country, "", "", []), strict=True))
            return form | self._explain_piece(piece, example.sender, example.country, "", "", [])

        return fill_and_explain

    def on_answer(self, option: str) -> Any:
        def take_answer(given: Any) -> Update:
            try:
                asked = Asked.from_dict(given)
                open_question = str(given.get("question"))
                asked, answer, changed = answer_question(self._models, asked, open_question, option)
            except ExplainerError as error:
                return self._sorry(error)
            return self._show(asked, answer, changed)

        return take_answer

    def on_undo(self, given: Any) -> Update:
        try:
            asked = Asked.from_dict(given).undone()
            return self._show(asked, explain(self._models, asked.request), "")
        except ExplainerError as error:
            return self._sorry(error)

    def on_picture(self, event: gr.EventData) -> Update:
        try:
            data = event._data.get("data") if isinstance(event._data, dict) else None
            words = read_picture(data if isinstance(data, str) else "")
        except ExplainerError as error:
            return {self.status: render("status", sorry_words(error)[1])}
        return {self.text: words, self.status: render("status", "Check the words against the picture, then explain.")}

    def on_again(self) -> Update:
        return {
            self.text: "", self.asked: None, self.start: gr.update(visible=True),
            self.answer: gr.update(visible=False), self.which_box: gr.update(visible=False),
        }  # fmt: skip

    def on_feedback(self, right: bool) -> Any:
        def keep(given: Any, with_text: bool) -> str:
            assert self._feedback is not None
            try:
                asked = Asked.from_dict(given)
                keep_feedback(self._feedback, explain(self._models, asked.request), right, asked.request, with_text)
            except ExplainerError:
                return render("thanks", "That could not be kept.")
            return render("thanks", "Thank you. " + ("Your text was kept." if with_text else "No text was kept."))

        return keep

    # ------------------------------------------------------------------ what is shown

    def _explain_piece(
        self, piece: Pasted, sender: str, country: str, received: str, name: str, already: list[str]
    ) -> Update:
        try:
            request = make_request(
                piece.text, sender or piece.sender, country, received or piece.received_at, name, already
            )
            return self._show(Asked(request), explain(self._models, request), "")
        except ExplainerError as error:
            return self._sorry(error)

    def _show(self, asked: Asked, answer: Explanation, changed: str) -> Update:
        view = view_of(answer, asked.request.already, changed)
        declined = answer.status == "declined"
        pieces, colours = highlighted(answer, asked.request.text)
        question = answer.question.id if answer.question else None
        said = bool(asked.order)
        return {
            self.asked: {**asked.to_dict(), "question": question},
            self.start: gr.update(visible=False),
            self.which_box: gr.update(visible=False),
            self.answer: gr.update(visible=True),
            self.verdict: render("verdict", view),
            self.question: gr.update(visible=bool(question or said)),
            self.question_words: render("question", view),
            self.options: gr.update(visible=bool(question)),
            self.undo: gr.update(visible=said),
            self.why: "" if declined else render("why", view),
            self.todo: render("todo", view) if answer.steps else "",
            self.letter_box: gr.update(visible=answer.letter is not None, label=letter_label(answer)),
            self.letter_words: render("letter", view) if answer.letter else "",
            self.letter: answer.letter.text if answer.letter else "",
            self.yours: gr.update(visible=bool(answer.evidence or view.notes)),
            self.yours_words: render("yours", view),
            self.marked: gr.update(value=pieces, color_map=colours),
            self.notes: render("notes", view),
            self.details: render("details", view),
        }

    def _sorry(self, error: ExplainerError) -> Update:
        return self._only(self.answer) | {
            self.verdict: render("sorry", *sorry_words(error)),
            self.question: gr.update(visible=False),
            self.why: "", self.todo: "", self.notes: "", self.details: "",
            self.letter_box: gr.update(visible=False),
            self.yours: gr.update(visible=False),
        }  # fmt: skip

    def _ask_which(self, pieces: tuple[Pasted, ...]) -> Update:
        if not pieces:
            return self._sorry(BadInput("the text is empty: paste the message, 1 to 4,000 characters"))
        choices = [(preview(piece), str(i)) for i, piece in enumerate(pieces[:MAX_TEXTS])]
        return self._only(self.which_box) | {
            self.which_words: render("which", len(pieces)),
            self.which: gr.update(choices=[*choices, (ALL_TOGETHER, "all")], value="0"),
        }

    def _only(self, shown: Any) -> Update:
        boxes = (self.start, self.which_box, self.answer)
        return {self.asked: None, **{box: gr.update(visible=box is shown) for box in boxes}}


def lay_out(page: Any, models: Models, *, country: str | None, feedback: Path | None, local: bool) -> None:
    parts = Parts(models, country=country, feedback=feedback, local=local)
    parts.lay_out()
    parts.connect(page)


def theme() -> Any:
    """Fonts of the reader's own device; the colours stand in page_style.css."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Noto Sans CJK SC", "sans-serif"]
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal, neutral_hue=gr.themes.colors.slate, font=fonts, font_mono=["monospace"]
    ).set(
        body_background_fill="#f4f6f4", body_background_fill_dark="#10171a", body_text_color="#1c2b30",
        body_text_color_dark="#e8efed",
    )  # fmt: skip
