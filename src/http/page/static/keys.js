// Keys, and the buttons that copy.

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const text = document.getElementById("text");
      if (!text) return;
      event.preventDefault();
      text.focus();
      text.select();
    }
  });
  document.addEventListener("click", async (event) => {
    const copied = event.target.closest?.("button.copy, code.command")?.closest(".copied");
    if (!copied || (event.target.matches("code") && getSelection()?.toString())) return;
    const [text, button] = [copied.querySelector("code"), copied.querySelector("button")];
    const range = document.createRange();
    range.selectNodeContents(text);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    try {
      await navigator.clipboard.writeText(text.textContent);
      const { copied: done, copy } = document.documentElement.dataset;
      button.textContent = done;
      setTimeout(() => (button.textContent = copy), 1_500);
    } catch {
      // It is selected, so that it can be copied by hand.
    }
  });
}
