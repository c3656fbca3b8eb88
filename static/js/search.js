// The search box: "/" leads to it, arrows through its suggestions, Escape back.
(function () {
  "use strict";

  function box() {
    return document.getElementById("seek");
  }

  function close() {
    const found = document.getElementById("suggestions");
    if (found) found.replaceChildren();
  }

  function isTyping(element) {
    return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  }

  function reveal(input) {
    // On a phone the box lies in the menu.
    if (!input.offsetParent) {
      const menu = document.querySelector("[data-menu]");
      if (menu) menu.click();
    }
    input.focus();
    input.select();
  }

  function step(form, by) {
    const stops = [box()].concat(Array.from(form.querySelectorAll(".suggested a")));
    const at = stops.indexOf(document.activeElement);
    const next = stops[at + by];
    if (at >= 0 && next) next.focus();
  }

  document.addEventListener("keydown", function (event) {
    const form = event.target.closest("[data-seek]");
    if (!form) {
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (event.key === "/" && plain && !isTyping(event.target) && box()) {
        event.preventDefault();
        reveal(box());
      }
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(form, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && form.querySelector(".suggested")) {
      // The browser's own answer would empty the box as well.
      event.preventDefault();
      close();
      box().focus();
    }
  });

  document.addEventListener("focusin", function (event) {
    if (!event.target.closest("[data-seek]")) close();
  });

  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-seek]")) close();
  });
})();
