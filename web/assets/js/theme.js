// Before anything is drawn: light or dark, as chosen on the page or else as the system says.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const chosen = localStorage.getItem("tipring.theme");
    document.documentElement.dataset.theme = chosen ?? (dark.matches ? "dark" : "light");
  };
  dark.addEventListener("change", show);
  window.addEventListener("tipring-theme", show);
  show();
})();
