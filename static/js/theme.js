// Runs before the first paint, so that a chosen theme never flashes.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted");
  try {
    const chosen = localStorage.getItem("lineward-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden; the system's preference stands.
  }
})();
