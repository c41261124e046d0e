import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import ecs.communication.models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("submissions", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reply_id",
                    models.CharField(default=ecs.communication.models.new_reply_id, max_length=32, unique=True),
                ),
                ("kind", models.CharField(default="message", max_length=10)),
                ("recipient", models.EmailField(max_length=254)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("automatic", models.BooleanField(default=False)),
                ("in_reply_to", models.CharField(blank=True, max_length=998)),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                (
                    "submission",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="submissions.submission",
                    ),
                ),
            ],
            options={"db_table": "outgoing_mail", "ordering": ["pk"]},
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(max_length=320)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("automatic", models.BooleanField()),
                ("message_id", models.CharField(blank=True, max_length=998)),
                ("digest", models.CharField(max_length=64)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                (
                    "mail",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="communication.outgoingmail",
                    ),
                ),
            ],
            options={"db_table": "answer", "ordering": ["pk"]},
        ),
        migrations.AddConstraint("answer", models.UniqueConstraint(fields=("mail", "digest"), name="answer_once")),
        migrations.AddIndex(
            "outgoingmail",
            models.Index(condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="mail_waiting"),
        ),
    ]
