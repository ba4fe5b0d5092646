import DefaultTheme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import NotFound from './NotFound.vue';
import RateDial from './RateDial.vue';
// What a stylesheet gives has no name.
// oxlint-disable-next-line import/no-unassigned-import
import './style.css';

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': () => h(NotFound) }),
  enhanceApp({ app }) {
    app.component('RateDial', RateDial);
  },
};
