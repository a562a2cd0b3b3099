import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Everything lies under /console/ and has its digest in its name, but for the index. */
export default defineConfig({
  base: "/console/",
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    modulePreload: { polyfill: false },
    license: false,
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
