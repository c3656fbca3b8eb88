// Opens the operation that the address names; without it, a click does.
(function () {
  "use strict";
  function openNamed() {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named instanceof HTMLDetailsElement) named.open = true;
  }
  window.addEventListener("hashchange", openNamed);
  document.addEventListener("DOMContentLoaded", openNamed);
})();
