// The editor: a problem's line takes the cursor there, and the cursor's own line is said.
(function () {
  "use strict";

  function startOf(text, line) {
    let at = 0;
    for (let passed = 1; passed < line && at >= 0; passed += 1) at = text.indexOf("\n", at) + 1;
    return at;
  }

  function go(editor, line) {
    const at = startOf(editor.value, line);
    const end = editor.value.indexOf("\n", at);
    editor.focus();
    editor.setSelectionRange(at, end < 0 ? editor.value.length : end);
    const height = editor.scrollHeight / editor.value.split("\n").length;
    editor.scrollTop = Math.max(0, (line - 4) * height);
  }

  document.addEventListener("click", function (event) {
    const link = event.target.closest("[data-line]");
    const editor = document.querySelector("[data-editor]");
    if (!link || !editor) return;
    event.preventDefault();
    go(editor, Number(link.dataset.line));
  });

  document.addEventListener("selectionchange", function () {
    const editor = document.activeElement;
    const place = document.querySelector("[data-position]");
    if (!place || !editor || !editor.matches("[data-editor]")) return;
    const line = editor.value.slice(0, editor.selectionStart).split("\n").length;
    place.textContent = "Line " + line + ".";
  });
})();
