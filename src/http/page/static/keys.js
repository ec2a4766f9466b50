// Keys, and the buttons that copy commands.

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
    const command = event.target.closest?.("code.command");
    if (!command || getSelection()?.toString()) return;
    const range = document.createRange();
    range.selectNodeContents(command);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    try {
      await navigator.clipboard.writeText(command.textContent);
      command.dataset.copied = document.documentElement.dataset.copied;
      setTimeout(() => delete command.dataset.copied, 1_500);
    } catch {
      // It is selected, so that it can be copied by hand.
    }
  });
}
