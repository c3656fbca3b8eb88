// Printing, and links that take the page's present address with them.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-prints]")) window.print();
    const link = event.target.closest("[data-follows-address]");
    if (!link) return;
    // Filters change the address without a new page; the export must not lag behind them.
    const address = new URL(window.location.href);
    address.searchParams.set("format", "csv");
    link.href = address.pathname + address.search;
  });
})();
