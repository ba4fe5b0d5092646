import DefaultTheme from 'vitepress/theme-without-fonts';
import RateDial from './RateDial.vue';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('RateDial', RateDial);
  },
};
