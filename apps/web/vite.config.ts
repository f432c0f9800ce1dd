import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Built into `dist`, from where the API nodes serve it under `/admin`. */
export default defineConfig({
  root: "src",
  base: "/admin/",
  plugins: [react()],
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    // The policy of the page allows no `data:` address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Three files that are kept for ever beat thirty that are asked for one by one.
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
});
