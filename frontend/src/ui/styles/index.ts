/** Everything beyond Mantine's components, in the order in which it has to win. */
import './base.css';
import './shell.css';
import './auth.css';
import './category.css';
import './dashboard.css';
import './transactions.css';
import './settings.css';
import './insights.css';
import './narrow.css';
