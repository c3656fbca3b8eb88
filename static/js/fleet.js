// Printing, and links that take the page's present address with them.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-prints]")) window.print();
    const link = event.target.closest("[data-follows-address]");
    if (!link) return;
    // Filters change the address without a new page; these links must not lag behind them.
    const address = new URL(window.location.href);
    const [name, value] = link.dataset.followsAddress.split("=");
    address.searchParams.set(name, value);
    link.href = address.pathname + address.search;
  });
})();
