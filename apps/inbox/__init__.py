"""The inbox: questions to people, in the browser.

Owns     the pages under /inbox/, their sign-in, their links, their live stream. No
         tables.
Imports  runs, interactions, identity and what is below them.
Promises a page shows a question only to whom it asks, or to who holds their link;
         nothing changes but by POST, through the services of interactions; pages
         work without JavaScript and load nothing from elsewhere.
"""
