// What the page does in the browser itself: say that it works, bring the answer into view, copy the letter.
(() => {
  const one = (selector) => document.querySelector(selector);
  const say = (words) => { const live = one("#say"); if (live) live.textContent = words; };
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

  // The front end renders after the event ends: wait until the new part stands in the page.
  const soon = (work) => requestAnimationFrame(() => requestAnimationFrame(work));

  const page = {
    busy(words) {
      document.body.dataset.busy = "yes";
      const work = one("#status .work");
      if (work) work.textContent = words;
      say(words);
    },
    done() {
      delete document.body.dataset.busy;
      soon(() => {
        const headline = one("#headline") || one("#which");
        if (!headline) return;
        headline.focus({ preventScroll: true });
        const box = (headline.closest(".card") || headline).getBoundingClientRect();
        if (box.top < 0 || box.top > innerHeight * 0.4) {
          scrollBy({ top: box.top - 12, behavior: still() });
        }
        say(headline.textContent);
        const options = one("#question .buttons");
        options?.setAttribute("role", "group");
        options?.setAttribute("aria-labelledby", "question-text");
      });
    },
    answered() {
      delete document.body.dataset.busy;
      soon(() => {
        const news = one(".changed") || one("#question-text") || one("#headline");
        say(one(".changed")?.textContent || one("#headline")?.textContent || "");
        // The button that was pressed may be gone: the focus must not fall back to the top of the page.
        if (news && !document.activeElement?.checkVisibility?.() || document.activeElement === document.body) news.focus();
      });
    },
    again() {
      soon(() => { scrollTo({ top: 0, behavior: still() }); one("#text textarea")?.focus(); });
    },
    async copy() {
      const box = one("#letter textarea");
      let done = false;
      try {
        await navigator.clipboard.writeText(box.value);
        done = true;
      } catch {  // no clipboard on plain http: select and copy the old way
        box.focus();
        box.select();
        done = document.execCommand("copy");
      }
      const button = one("#copy");
      const words = button.textContent;
      button.textContent = done ? "Copied" : "Select and copy it by hand";
      say(button.textContent);
      setTimeout(() => { button.textContent = words; }, 2500);
    },
    // A screenshot is made smaller here and sent in the request itself, so that no file of it is ever written.
    async shrink(file) {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return canvas.toDataURL("image/jpeg", 0.85);
    },
    takePictures(element, send) {
      const take = async (file) => {
        if (!file || !file.type.startsWith("image/")) return;
        page.busy("Reading the picture …");
        try {
          send(await page.shrink(file));
        } catch {
          page.pictureRead();
          say("The picture cannot be read.");
        }
      };
      element.addEventListener("change", (event) => take(event.target.files[0]));
      for (const box of [element, one("#text")]) {
        box?.addEventListener("dragover", (event) => event.preventDefault());
        box?.addEventListener("drop", (event) => {
          if (!event.dataTransfer.files.length) return;
          event.preventDefault();
          take(event.dataTransfer.files[0]);
        });
      }
      one("#text")?.addEventListener("paste", (event) => {
        if (event.clipboardData.files.length) take(event.clipboardData.files[0]);
      });
    },
    pictureRead() {
      delete document.body.dataset.busy;
      soon(() => { say((one("#status .load") || {}).textContent || ""); one("#text textarea")?.focus(); });
    },
  };
  window.loanPage = page;
})();
