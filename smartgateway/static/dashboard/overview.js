"use strict";

const trend = JSON.parse(document.getElementById("trend-data")?.textContent ?? "null");
const canvas = document.getElementById("trend-chart");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
let chart = null;

function draw() {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const axis = { ticks: { color: colour("ink-quiet"), precision: 0 }, border: { display: false }, stacked: true };
  chart?.destroy();
  chart = new Chart(canvas, {
    type: "bar",
    data: {
      labels: trend.days,
      datasets: trend.tiers
        .filter((tier) => tier.requests.some((count) => count > 0))
        .map((tier) => ({
          label: tier.title,
          data: tier.requests,
          backgroundColor: colour(`tier-${tier.name}`),
          borderColor: colour("surface"),
          borderWidth: { top: 1 },
          borderRadius: 3,
          maxBarThickness: 56,
        })),
    },
    options: {
      animation: still ? false : { duration: 250 },
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { position: "bottom", labels: { color: colour("ink"), boxWidth: 10, boxHeight: 10, padding: 16 } },
      },
      scales: {
        x: { ...axis, grid: { display: false } },
        y: { ...axis, grid: { color: colour("line") }, beginAtZero: true, suggestedMax: 4 },
      },
    },
  });
}

Chart.defaults.font.family = "Inter, system-ui, sans-serif";
if (trend) {
  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
