"""Paths of the inbox. ``/inbox/events`` is a held route: ``apps.inbox.stream``."""

from django.urls import path

from apps.inbox import answering, linked, pages, views

app_name = "inbox"
urlpatterns = [
    path("", views.waiting, name="waiting"),
    path("list", views.waiting_list, name="waiting_list"),
    path("answered", views.answered, name="answered"),
    path("sign-in", views.SignIn.as_view(), name="sign_in"),
    path("sign-out", views.SignOut.as_view(), name="sign_out"),
    path("link/<str:token>", linked.by_link, name="by_link"),
    path("<str:interaction_id>", answering.question, name="question"),
    path("<str:interaction_id>/answer", answering.answer, name="answer"),
    path("<str:interaction_id>/recorded", answering.recorded, name="recorded"),
    path("<str:interaction_id>/claim", answering.claim, name="claim"),
    path("<str:interaction_id>/release", answering.release, name="release"),
    path("<str:interaction_id>/delegate", answering.delegate, name="delegate"),
    path("<str:interaction_id>/review", answering.review, name="review"),
    path("<path:rest>", pages.nothing_here),
]
