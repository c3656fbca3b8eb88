// The few things that elements cannot do by themselves: theme, menu, copying, older browsers' dialogs.
(function () {
  "use strict";
  const root = document.documentElement;

  function paintTheme() {
    const current = root.dataset.theme || "auto";
    document.querySelectorAll("[data-theme-choice]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === current));
    });
  }

  function chooseTheme(choice) {
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
    try {
      if (choice === "auto") localStorage.removeItem("lineward-theme");
      else localStorage.setItem("lineward-theme", choice);
    } catch {
      // The choice lasts as long as the page.
    }
    paintTheme();
  }

  function toggleMenu(button) {
    const body = document.getElementById(button.getAttribute("aria-controls"));
    const closed = body.toggleAttribute("data-closed");
    button.setAttribute("aria-expanded", String(!closed));
  }

  function say(text) {
    const voice = document.getElementById("voice");
    if (voice) voice.textContent = text;
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say("Copied.");
      button.classList.add("is-copied");
    } catch {
      say("Copying is not allowed here; select the text instead.");
    }
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.themeChoice) chooseTheme(button.dataset.themeChoice);
    else if (button.hasAttribute("data-menu")) toggleMenu(button);
    else if (button.dataset.copy) copy(button);
    else if (button.dataset.opens) document.getElementById(button.dataset.opens).showModal();
    else if (button.hasAttribute("data-closes")) button.closest("dialog").close();
  });

  // Filters live in the address: empty ones would only make it long.
  document.addEventListener("htmx:configRequest", function (event) {
    const form = event.target.closest("form[data-filters]");
    if (!form) return;
    const parameters = event.detail.parameters;
    Object.keys(parameters).forEach(function (name) {
      if (parameters[name] === "") delete parameters[name];
    });
  });

  // A choice made while the answer to the last one is on its way must not be lost: that answer is
  // dropped, and the one that htmx has queued brings both.
  function turnOf(element) {
    return element.dataset.turn || "0";
  }

  // Typing counts before the field is left, or the answer would take away what was just typed.
  ["change", "input"].forEach(function (kind) {
    document.addEventListener(
      kind,
      function (event) {
        const choices = event.target.closest("[data-choices]");
        if (choices) choices.dataset.turn = String(Number(turnOf(choices)) + 1);
      },
      true,
    );
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    event.detail.xhr.turn = turnOf(event.detail.elt);
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    const asker = event.detail.requestConfig.elt;
    if (asker.matches("[data-choices]") && turnOf(asker) !== event.detail.xhr.turn) {
      event.detail.shouldSwap = false;
    }
  });

  document.addEventListener("DOMContentLoaded", function () {
    paintTheme();
    document.querySelectorAll("[data-menu]").forEach(function (button) {
      const body = document.getElementById(button.getAttribute("aria-controls"));
      body.setAttribute("data-closed", "");
      button.setAttribute("aria-expanded", "false");
    });
    document.querySelectorAll("dialog[data-open]").forEach(function (dialog) {
      dialog.showModal();
    });
  });
})();
