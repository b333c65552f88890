/** Part of the script of the interactive layer: strategies that a reader does not want to see, in all charts at once. */
export const TOGGLES_SCRIPT = `
function toggle(series) {
  const isHidden = !hiddenSeries.has(series);
  if (isHidden) hiddenSeries.add(series);
  else hiddenSeries.delete(series);
  document.documentElement.classList.toggle('hide-' + series, isHidden);
  for (const button of document.querySelectorAll('.controls [data-series="' + series + '"]')) {
    button.setAttribute('aria-pressed', String(!isHidden));
  }
  for (const plot of plots) if (plot.labelled) hideLabels(plot);
  hideTooltip();
}

/** Names of bars have the colour of text, so that no style rule finds them. */
function hideLabels({ marks, rows }) {
  const labels = marks.flatMap((group) => [...group.querySelectorAll('text')]);
  labels.forEach((label, index) => {
    label.style.display = hiddenSeries.has(rows[index].position % STYLES) ? 'none' : '';
  });
}

for (const button of document.querySelectorAll('.controls [data-series]')) {
  button.addEventListener('click', () => toggle(Number(button.dataset.series)));
}
`;
