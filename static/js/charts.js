// Draws the page's figures in the colours of its theme; tables and zoom stay in the address.
(function () {
  "use strict";
  const root = document.documentElement;

  // A token may be light-dark(…): only a painted element knows what it is now.
  function painter() {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
    const known = {};
    return {
      colour: function (token) {
        if (!known[token]) {
          probe.style.color = "var(" + token + ")";
          known[token] = getComputedStyle(probe).color;
        }
        return known[token];
      },
      done: function () {
        probe.remove();
      },
    };
  }

  function painted(value, colour) {
    if (typeof value === "string") return value.startsWith("--") ? colour(value) : value;
    if (Array.isArray(value)) return value.map((one) => painted(one, colour));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, painted(one, colour)]),
      );
    }
    return value;
  }

  function address() {
    return new URL(window.location.href);
  }

  function keep(url) {
    history.replaceState(history.state, "", url);
    document.querySelectorAll("[data-here]").forEach(function (link) {
      const here = address();
      here.hash = link.closest("[data-chart]").id;
      link.href = here.href;
    });
  }

  // --- Zoom --------------------------------------------------------------------------------------
  function zoomName(section) {
    return "zoom-" + section.dataset.chart;
  }

  function zoomOf(section) {
    const ends = (address().searchParams.get(zoomName(section)) || "").split("~");
    return ends.length === 2 && ends[0] && ends[1] ? ends : null;
  }

  function isNumber(text) {
    return text !== "" && Number.isFinite(Number(text));
  }

  function zoomed(section, layout) {
    const ends = section.dataset.zoom && zoomOf(section);
    if (!ends) return layout;
    const range = ends.every(isNumber) ? ends.map(Number) : ends;
    return Object.assign({}, layout, { xaxis: Object.assign({}, layout.xaxis, { range: range }) });
  }

  function keepZoom(section, change) {
    if (!section.dataset.zoom) return;
    const url = address();
    const ends = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (change["xaxis.autorange"]) url.searchParams.delete(zoomName(section));
    else if (ends[0] !== undefined && ends[1] !== undefined) {
      const short = ends.map((end) => (typeof end === "number" ? end.toFixed(4) : String(end).slice(0, 16)));
      url.searchParams.set(zoomName(section), short.join("~"));
    } else return;
    keep(url);
  }

  // --- Drawing -----------------------------------------------------------------------------------
  const options = {
    responsive: true,
    displaylogo: false,
    displayModeBar: true,
    // By name: what Plotly offers besides may speak to other hosts.
    modeBarButtons: [["zoom2d", "pan2d", "autoScale2d", "toImage"]],
  };

  function draw(section, figure) {
    const box = section.querySelector("[data-drawing]");
    const paint = painter();
    const data = painted(figure.data, paint.colour);
    const layout = zoomed(section, painted(figure.layout, paint.colour));
    paint.done();
    layout.font.family = getComputedStyle(document.body).fontFamily;
    box.hidden = false;
    return Plotly.react(box, data, layout, options).then(function () {
      box.dataset.drawn = root.dataset.theme || "auto";
    });
  }

  function fold(section) {
    const table = section.querySelector(".chart__table");
    if (!table.hasAttribute("data-keep-open")) table.open = false;
    table.addEventListener("toggle", function () {
      const url = address();
      if (document.querySelector(".chart__table[open]")) url.searchParams.set("view", "table");
      else url.searchParams.delete("view");
      keep(url);
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    const holder = document.getElementById("figures");
    if (!holder || !window.Plotly) return;
    const figures = JSON.parse(holder.textContent);
    const sections = Array.from(document.querySelectorAll("[data-chart]")).filter(
      (section) => figures[section.dataset.chart],
    );
    const redraw = function () {
      sections.forEach((section) => draw(section, figures[section.dataset.chart]));
    };
    sections.forEach(function (section) {
      draw(section, figures[section.dataset.chart]).then(function () {
        section.querySelector("[data-drawing]").on("plotly_relayout", function (change) {
          keepZoom(section, change);
        });
        fold(section);
      });
    });
    new MutationObserver(redraw).observe(root, { attributeFilter: ["data-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  });
})();
