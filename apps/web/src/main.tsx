import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/signs.css";
import "./styles/parts.css";
import "./styles/dialog.css";
import "./styles/tables.css";
import "./styles/charts.css";
import "./styles/pages.css";
import { App } from "./app.js";
import { applyTheme } from "./layout/theme.js";

applyTheme();
const root = document.getElementById("root");
if (root === null) throw new Error("The page has no place for the dashboard.");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
