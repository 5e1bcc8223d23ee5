"use strict";

const trend = JSON.parse(document.getElementById("trend-data")?.textContent ?? "null");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const CENTS_SHOW = 0.05; // below it, cents are too coarse for an axis: its labels would repeat
const amounts = [trend?.spent, trend?.saved, trend?.saved_high].flatMap((days) => days ?? []).map(Math.abs);
const digits = Math.max(...amounts, 0) < CENTS_SHOW ? 4 : 2;
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", minimumFractionDigits: digits });
const charts = [];

const bars = (label, data, name) => ({
  label,
  data,
  backgroundColor: colour(name),
  borderColor: colour("surface"),
  borderWidth: { top: 1 },
  borderRadius: 3,
  maxBarThickness: 40,
});

function options(isStacked, text) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const axis = { ticks: { color: colour("ink-quiet") }, border: { display: false }, stacked: isStacked };
  const value = (item) => `${item.dataset.label}: ${text(item.parsed.y)}`;
  return {
    animation: still ? false : { duration: 250 },
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { position: "bottom", labels: { color: colour("ink"), boxWidth: 10, boxHeight: 10, padding: 16 } },
      tooltip: { callbacks: { label: value } },
    },
    scales: {
      x: { ...axis, grid: { display: false }, ticks: { ...axis.ticks, maxRotation: 0, autoSkipPadding: 16 } },
      y: { ...axis, grid: { color: colour("line") }, ticks: { ...axis.ticks, maxTicksLimit: 6, callback: text } },
    },
  };
}

const hasInterval = trend?.saved_high.some((amount, day) => amount !== trend.saved[day]);

const atMost = () => ({
  type: "line",
  label: "Saved at most",
  data: trend.saved_high,
  borderColor: colour("tier-local"),
  backgroundColor: colour("tier-local"),
  borderDash: [4, 3],
  borderWidth: 1.5,
  pointRadius: 2,
});

function draw() {
  charts.splice(0).forEach((chart) => chart.destroy());
  const tiers = trend.tiers.filter((tier) => tier.requests.some((count) => count > 0));
  charts.push(
    new Chart(document.getElementById("trend-chart"), {
      type: "bar",
      data: {
        labels: trend.days,
        datasets: tiers.map((tier) => bars(tier.title, tier.requests, `tier-${tier.name}`)),
      },
      options: options(true, (count) => count.toLocaleString("en-US")),
    }),
    new Chart(document.getElementById("money-chart"), {
      type: "bar",
      data: {
        labels: trend.days,
        datasets: [
          bars("Spent", trend.spent, "tier-sonnet"),
          bars("Saved", trend.saved, "tier-local"),
          ...(hasInterval ? [atMost()] : []),
        ],
      },
      options: options(false, (amount) => dollars.format(amount)),
    }),
  );
}

if (trend) {
  Chart.defaults.font.family = "Inter, system-ui, sans-serif";
  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
